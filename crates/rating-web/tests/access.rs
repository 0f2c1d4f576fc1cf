//! Nobody gets in where they do not belong.

mod support;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use rating_web::people::{self, Ability, Role};
use rating_web::store::Actor;
use rating_web::web::{Access, routes};
use support::{Browser, PASSWORD, TestRoom};

/// A path with something in the place of its names.
fn filled(path: &str) -> String {
    path.replace("{name}", "room.css")
        .replace("{word}", "nobody")
        .replace("{id}", "999")
        .replace("{code}", "ZZZZZZ")
        .replace("{modality}", "grayscale")
        .replace("{stage}", "consensus")
}

#[tokio::test]
async fn every_route_lets_in_whom_the_table_says_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let mut browsers = Vec::new();
    for role in Role::ALL {
        browsers.push((role, room.browser(role.word(), role).await));
    }
    for route in routes() {
        let path = filled(route.path);
        let ask = async |browser: &Browser| {
            room.ask(browser, route.method.clone(), &path, None).await.status
        };
        let anonymous = ask(&Browser::default()).await;
        let shut = route.access != Access::Anyone;
        assert_eq!(anonymous == StatusCode::UNAUTHORIZED, shut, "{} {path}", route.method);
        if path == "/sign-out" {
            continue;
        }
        for (role, browser) in &browsers {
            let may = match route.access {
                Access::Anyone | Access::SignedIn => true,
                Access::Needs(ability) => role.may(ability),
            };
            let status = ask(browser).await;
            let what = format!("{} {path} as {}: {status}", route.method, role.word());
            assert_eq!(status == StatusCode::FORBIDDEN, !may, "{what}");
            assert_ne!(status, StatusCode::UNAUTHORIZED, "{what}");
            assert!(!status.is_server_error(), "{what}");
        }
    }
}

#[test]
fn roles_take_what_they_take() {
    let table = [
        (Ability::Read, [true, true, false, false]),
        (Ability::Adjudicate, [false, true, false, false]),
        (Ability::Coordinate, [false, false, true, true]),
        (Ability::Administer, [false, false, false, true]),
    ];
    for (ability, expected) in table {
        assert_eq!(Role::ALL.map(|role| role.may(ability)), expected, "{ability:?}");
    }
}

#[tokio::test]
async fn a_change_needs_the_word_that_only_our_pages_know() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let known = room.browser("reader", Role::Reader).await;
    let other = room.browser("other", Role::Reader).await;
    for route in routes() {
        if route.method == Method::GET || route.access == Access::Anyone {
            continue;
        }
        for csrf in ["", "0", other.csrf.as_str()] {
            let forged = Browser { csrf: csrf.to_owned(), ..known.clone() };
            let path = filled(route.path);
            let answer = room.ask(&forged, route.method.clone(), &path, None).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
            let answer = room.form(&forged, &path, &[("name", "x")]).await;
            assert!(matches!(answer.status.as_u16(), 403 | 405), "{path}: {}", answer.status);
        }
    }
    let elsewhere = Request::post("/sign-in")
        .header(header::ORIGIN, "https://evil.example")
        .header(header::HOST, "127.0.0.1:8080")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("name=reader&password=x"));
    assert_eq!(room.send(elsewhere.unwrap()).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_refused_form_leads_back_to_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let admin = room.browser("root", Role::Admin).await;
    let forged = Browser { csrf: "0".to_owned(), ..admin.clone() };
    for (browser, path, fields, page) in [
        (&forged, "/people", &[("name", "x"), ("role", "reader")], "/people"),
        (&admin, "/people", &[("name", "x"), ("role", "nobody")], "/people"),
        (&admin, "/people", &[("name", "root"), ("role", "reader")], "/people"),
        (&admin, "/people/999/link", &[("name", "x"), ("role", "")], "/people"),
        (&admin, "/account/tokens", &[("name", ""), ("role", "")], "/account"),
        (&admin, "/teaching/offer", &[("code", "ZZZZZZ"), ("role", "")], "/teaching"),
    ] {
        let refused = room.form(browser, path, fields).await;
        let text = refused.text();
        assert!(refused.status.is_client_error(), "{path}: {}", refused.status);
        assert!(text.contains(&format!("href=\"{page}\">Back to the page")), "{path}: {text}");
        // The page is as others are: navigation and all, and no script.
        assert!(text.contains("aria-label=\"Main\"") && text.contains("root (admin)"), "{text}");
        assert!(!text.contains("<script"), "{text}");
    }
    // Whatever a browser says of where it was leads nowhere.
    let request = Request::post("/people")
        .header(header::COOKIE, admin.cookie.as_deref().unwrap())
        .header(header::REFERER, "https://elsewhere.example/")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let refused = room.send(request.body(Body::from("name=x")).unwrap()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!refused.text().contains("elsewhere"), "{}", refused.text());
    // Who is signed out signs in.
    let out = room.form(&Browser::default(), "/people", &[("name", "x")]).await;
    assert_eq!(out.status, StatusCode::UNAUTHORIZED);
    assert!(out.text().contains("href=\"/sign-in\">Sign in"), "{}", out.text());
}

#[tokio::test]
async fn wrong_passwords_lock_an_account_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let person = room.browser("anna", Role::Reader).await;
    let try_in = async |password: &str| {
        room.form(&Browser::default(), "/sign-in", &[("name", "Anna"), ("password", password)])
            .await
    };
    for _ in 0..5 {
        let wrong = try_in("not the password").await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        assert!(wrong.text().contains("Name or password is wrong."));
    }
    let rests = try_in(PASSWORD).await;
    assert!(rests.text().contains("an account rests for 15 minutes"), "{}", rests.text());
    // A name that is nobody's is answered alike: nobody learns which names there are.
    let nobody = [("name", "Anne"), ("password", PASSWORD)];
    let answer = room.form(&Browser::default(), "/sign-in", &nobody).await;
    assert_eq!((answer.status, rests.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(answer.text().replace("Anne", "Anna"), rests.text());
    room.pass(15 * 60 + 1);
    room.signed_in(person.id, &try_in(PASSWORD).await).await;
}

#[tokio::test]
async fn a_session_in_use_goes_on_for_days_and_ends_after_a_week() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let browser = room.browser("anna", Role::Reader).await;
    let ask = async || room.get(&browser, "/api/v1/me").await.status;
    for _ in 0..16 {
        room.pass(10 * 60 * 60);
        assert_eq!(ask().await, StatusCode::OK);
        // Within the hour nothing more is noted.
        assert_eq!(ask().await, StatusCode::OK);
    }
    let noted = room.room.store.read_now(|db| {
        let sql = "SELECT count(*) FROM events WHERE kind = 'session.used'";
        Ok(db.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(noted.unwrap(), 16);
    room.pass(9 * 60 * 60);
    assert_eq!(ask().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_makes_no_other_way_in_and_ends_with_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let admin = room.browser("anna", Role::Admin).await;
    let page = room.form(&admin, "/account/tokens", &[("name", "script")]).await.text();
    let (_, rest) = page.split_once("shown this once: <code>").unwrap();
    let token = rest.split('<').next().unwrap().to_owned();
    let ask = async |method: Method, path: &str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        room.send(request.body(Body::from("name=b&role=admin&active=no")).unwrap()).await
    };
    assert_eq!(ask(Method::GET, "/api/v1/me").await.status, StatusCode::OK);
    let id = admin.id;
    for path in [
        "/account/tokens".to_owned(),
        "/account/tokens/1/revoke".to_owned(),
        "/people".to_owned(),
        format!("/people/{id}/link"),
        format!("/people/{id}/active"),
    ] {
        let refused = ask(Method::POST, &path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(refused.text().contains("sign in in a browser"), "{}", refused.text());
    }
    let handle = std::sync::Arc::clone(&room.room);
    let invite = move |change: &mut rating_web::store::Change<'_>| {
        people::invite(change, &handle.secrets, id)
    };
    let word = room.room.store.write_now(Actor::Server, invite).unwrap();
    assert_eq!(ask(Method::GET, "/api/v1/me").await.status, StatusCode::OK);
    let fields = [("password", PASSWORD), ("again", PASSWORD)];
    room.form(&Browser::default(), &format!("/join/{word}"), &fields).await;
    assert_eq!(ask(Method::GET, "/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn sessions_end() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let browser = room.browser("anna", Role::Reader).await;
    assert_eq!(room.get(&browser, "/api/v1/me").await.json()["role"], "reader");
    room.pass(12 * 60 * 60 + 1);
    assert_eq!(room.get(&browser, "/api/v1/me").await.status, StatusCode::UNAUTHORIZED);

    let browser = room.browser("berta", Role::Reader).await;
    room.form(&browser, "/sign-out", &[]).await;
    assert_eq!(room.get(&browser, "/api/v1/me").await.status, StatusCode::UNAUTHORIZED);

    let browser = room.browser("cora", Role::Reader).await;
    let id = browser.id;
    let lock_out =
        move |change: &mut rating_web::store::Change<'_>| people::set_active(change, id, false);
    room.room.store.write_now(Actor::Server, lock_out).unwrap();
    assert_eq!(room.get(&browser, "/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_first_link_makes_an_administrator_once() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let word = room.room.first_link().unwrap().unwrap();
    let short = [("name", "root"), ("password", "short"), ("again", "short")];
    let refused = room.form(&Browser::default(), &format!("/join/{word}"), &short).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("name", "root"), ("password", PASSWORD), ("again", PASSWORD)];
    let joined = room.form(&Browser::default(), &format!("/join/{word}"), &fields).await;
    let browser = room.signed_in(1, &joined).await;
    assert_eq!(room.get(&browser, "/api/v1/me").await.json()["role"], "admin");
    let again = room.form(&Browser::default(), &format!("/join/{word}"), &fields).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert_eq!(room.room.first_link().unwrap(), None);
}

#[tokio::test]
async fn programs_come_with_a_token_until_it_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let browser = room.browser("anna", Role::Reader).await;
    let page = room.form(&browser, "/account/tokens", &[("name", "script")]).await.text();
    let (_, rest) = page.split_once("shown this once: <code>").unwrap();
    let token = rest.split('<').next().unwrap().to_owned();
    let ask = async || {
        let request =
            Request::get("/api/v1/me").header(header::AUTHORIZATION, format!("Bearer {token}"));
        room.send(request.body(Body::empty()).unwrap()).await.status
    };
    assert_eq!(ask().await, StatusCode::OK);
    room.form(&browser, "/account/tokens/1/revoke", &[]).await;
    assert_eq!(ask().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    for path in ["/sign-in", "/nowhere", "/api/v1/me", "/assets/room.css"] {
        let answer = room.get(&Browser::default(), path).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert!(answer.headers.contains_key(header::CACHE_CONTROL), "{path}");
    }
}
