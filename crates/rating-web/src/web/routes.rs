//! Every route, who may use it, and what answers.

use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, post, put};

use super::access::Access::{self, Anyone, Needs, SignedIn};
use super::pages::{
    account, consensus, decide, export, home, import, journal, lesson, people, read, sign_in,
    studies, study_read, teaching,
};
use super::{App, api, assets, openapi};
use crate::import::limits::REQUEST_BYTES;
use crate::people::Ability::{Administer, Coordinate, Read};

/// One route.
pub struct Route {
    /// The method; a GET route answers HEAD too.
    pub method: Method,
    /// The path, with `{names}` in it.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    pub(super) handler: MethodRouter<App>,
}

fn route(method: Method, path: &'static str, access: Access, handler: MethodRouter<App>) -> Route {
    Route { method, path, access, handler }
}

/// The largest pair that is handed in.
fn uploads() -> DefaultBodyLimit {
    DefaultBodyLimit::max(api::uploads::LARGEST_REQUEST)
}

/// Every route of the room. A test walks this table with every role.
#[must_use]
pub fn routes() -> Vec<Route> {
    use Method as M;
    vec![
        route(M::GET, "/assets/{name}", Anyone, get(assets::file)),
        route(M::GET, "/sign-in", Anyone, get(sign_in::show)),
        route(M::POST, "/sign-in", Anyone, post(sign_in::sign_in)),
        route(M::POST, "/sign-out", SignedIn, post(sign_in::sign_out)),
        route(M::GET, "/join/{word}", Anyone, get(sign_in::show_join)),
        route(M::POST, "/join/{word}", Anyone, post(sign_in::join)),
        route(M::GET, "/enter/{word}", Anyone, get(sign_in::enter)),
        route(M::GET, "/", SignedIn, get(home::show)),
        route(M::POST, "/reveal", Needs(Coordinate), post(decide::reveal)),
        route(M::POST, "/take-back", Needs(Coordinate), post(decide::take_back)),
        route(M::POST, "/correct", Needs(Coordinate), post(decide::correct)),
        route(M::POST, "/withdraw", Needs(Coordinate), post(decide::withdraw)),
        route(M::GET, "/account", SignedIn, get(account::show)),
        route(M::POST, "/account/tokens", SignedIn, post(account::make_token)),
        route(M::POST, "/account/tokens/{id}/revoke", SignedIn, post(account::revoke_token)),
        route(M::GET, "/people", Needs(Administer), get(people::show)),
        route(M::POST, "/people", Needs(Administer), post(people::create)),
        route(M::POST, "/people/{id}/link", Needs(Administer), post(people::link)),
        route(M::POST, "/people/{id}/active", Needs(Administer), post(people::active)),
        route(M::GET, "/journal", Needs(Administer), get(journal::show)),
        route(M::GET, "/import", Needs(Coordinate), get(import::show)),
        route(M::GET, "/import/{id}", Needs(Coordinate), get(import::sheet)),
        route(M::POST, "/api/v1/imports", Needs(Coordinate), post(api::imports::begin)),
        route(M::GET, "/api/v1/imports/{id}", Needs(Coordinate), get(api::imports::show)),
        route(M::DELETE, "/api/v1/imports/{id}", Needs(Coordinate), delete(api::imports::cancel)),
        route(
            M::POST,
            "/api/v1/imports/{id}/files",
            Needs(Coordinate),
            post(api::imports::files).layer(DefaultBodyLimit::max(REQUEST_BYTES as usize)),
        ),
        route(
            M::GET,
            "/api/v1/imports/{id}/images/{name}",
            Needs(Coordinate),
            get(api::imports::image),
        ),
        route(
            M::POST,
            "/api/v1/imports/{id}/confirm",
            Needs(Coordinate),
            post(api::imports::confirm),
        ),
        route(M::PUT, "/api/v1/regions", Needs(Coordinate), put(api::imports::region)),
        route(M::GET, "/read/{code}", Needs(Read), get(read::show)),
        route(M::GET, "/consensus", SignedIn, get(consensus::list)),
        route(M::GET, "/consensus/{code}", SignedIn, get(consensus::show)),
        route(M::GET, "/export", Needs(Coordinate), get(export::show)),
        route(M::GET, "/api/v1/openapi.json", Anyone, get(openapi::show)),
        route(M::GET, "/api/v1/me", SignedIn, get(api::me)),
        route(M::GET, "/api/v1/next", Needs(Read), get(api::readings::next)),
        route(M::GET, "/api/v1/pairs/{code}/images/{modality}", SignedIn, get(api::images::png)),
        route(M::GET, "/api/v1/pairs/{code}/reading", Needs(Read), get(api::readings::open)),
        route(M::PUT, "/api/v1/pairs/{code}/reading", Needs(Read), put(api::readings::save)),
        route(M::POST, "/api/v1/pairs/{code}/reading/lock", Needs(Read), post(api::readings::lock)),
        route(
            M::GET,
            "/api/v1/pairs/{code}/reading/{stage}",
            Needs(Read),
            get(api::readings::open_stage),
        ),
        route(
            M::PUT,
            "/api/v1/pairs/{code}/reading/{stage}",
            Needs(Read),
            put(api::readings::save_stage),
        ),
        route(
            M::POST,
            "/api/v1/pairs/{code}/reading/{stage}/lock",
            Needs(Read),
            post(api::readings::lock_stage),
        ),
        route(M::GET, "/api/v1/readings", SignedIn, get(api::listing::list)),
        route(M::GET, "/api/v1/pairs/{code}/readings", SignedIn, get(api::consensus::readings)),
        route(M::GET, "/api/v1/consensus", SignedIn, get(api::consensus::list)),
        route(M::GET, "/api/v1/agreement", Needs(Coordinate), get(api::consensus::agreement)),
        route(M::GET, "/api/v1/export/{name}", Needs(Coordinate), get(api::export::file)),
        route(M::POST, "/api/v1/pairs/{code}/reveal", SignedIn, post(api::answers::reveal)),
        route(M::GET, "/api/v1/pairs/{code}/answer", SignedIn, get(api::answers::answer)),
        route(M::GET, "/api/v1/pairs/{code}/maps/{modality}", SignedIn, get(api::answers::map)),
        route(M::GET, "/studies", SignedIn, get(studies::list)),
        route(M::GET, "/studies/{name}", SignedIn, get(studies::one)),
        route(M::GET, "/studies/{name}/read", Needs(Read), get(study_read::show)),
        route(
            M::POST,
            "/studies/{name}/withdraw-case",
            Needs(Coordinate),
            post(studies::withdraw_case),
        ),
        route(
            M::POST,
            "/studies/{name}/withdraw-reader",
            Needs(Coordinate),
            post(studies::withdraw_reader),
        ),
        route(
            M::POST,
            "/studies/{name}/allow-early",
            Needs(Coordinate),
            post(studies::allow_early),
        ),
        route(M::POST, "/studies/{name}/close", Needs(Coordinate), post(studies::close)),
        route(M::GET, "/api/v1/studies/{name}/case", Needs(Read), get(api::studies::case)),
        route(
            M::GET,
            "/api/v1/studies/{name}/readings",
            Needs(Coordinate),
            get(api::studies::readings),
        ),
        route(M::PUT, "/api/v1/studies/{name}/items/{item}", Needs(Read), put(api::studies::save)),
        route(
            M::POST,
            "/api/v1/studies/{name}/items/{item}/show",
            Needs(Read),
            post(api::studies::show),
        ),
        route(
            M::POST,
            "/api/v1/studies/{name}/items/{item}/lock",
            Needs(Read),
            post(api::studies::submit),
        ),
        route(
            M::GET,
            "/api/v1/studies/{name}/items/{item}/images/{modality}",
            Needs(Read),
            get(api::studies::image),
        ),
        route(
            M::GET,
            "/api/v1/studies/{name}/items/{item}/maps/{modality}",
            Needs(Read),
            get(api::studies::map),
        ),
        route(M::GET, "/teaching", SignedIn, get(teaching::show)),
        route(M::GET, "/teaching/lesson", Needs(Read), get(lesson::show)),
        route(M::GET, "/teaching/learners/{id}", Needs(Coordinate), get(teaching::learner)),
        route(M::POST, "/teaching/offer", Needs(Coordinate), post(teaching::offer)),
        route(M::POST, "/teaching/take-back", Needs(Coordinate), post(teaching::take_back)),
        route(M::GET, "/api/v1/teaching/lesson", Needs(Read), get(api::teaching::lesson)),
        route(M::PUT, "/api/v1/teaching/answers/{answer}", Needs(Read), put(api::teaching::save)),
        route(
            M::POST,
            "/api/v1/teaching/answers/{answer}/lock",
            Needs(Read),
            post(api::teaching::submit),
        ),
        route(
            M::GET,
            "/api/v1/teaching/answers/{answer}/images/{modality}",
            Needs(Read),
            get(api::teaching::image),
        ),
        route(M::GET, "/api/v1/teaching/progress", Needs(Read), get(api::teaching::progress)),
        route(M::GET, "/api/v1/teaching/learners", Needs(Coordinate), get(api::teaching::learners)),
        route(
            M::GET,
            "/api/v1/teaching/answers.csv",
            Needs(Coordinate),
            get(api::teaching::answers),
        ),
        route(M::POST, "/api/v1/score", SignedIn, post(api::uploads::score).layer(uploads())),
        route(M::POST, "/api/v1/explain", SignedIn, post(api::uploads::explain).layer(uploads())),
    ]
}

/// The nearest page at or above this path, by the table of routes alone: whatever
/// the path is, the page is one of this room.
pub(super) fn page_at_or_above(path: &str) -> &str {
    let routes = routes();
    let is_page = |path: &str| {
        let mut pages = routes.iter().filter(|route| is_page(route));
        pages.any(|page| fits(page.path, path))
    };
    let mut nearest = path;
    while !is_page(nearest) {
        match nearest.rfind('/') {
            None | Some(0) => return "/",
            Some(end) => nearest = &nearest[..end],
        }
    }
    nearest
}

/// What a browser shows; a link that signs in is no page to go back to.
fn is_page(route: &Route) -> bool {
    let others = ["/api/", "/assets/", "/enter/"];
    route.method == Method::GET && others.iter().all(|begin| !route.path.starts_with(begin))
}

/// Whether this path is one of those that a route is written for.
fn fits(route: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (route.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(name), Some(part)) if name.starts_with('{') && !part.is_empty() => {}
            (Some(word), Some(part)) if word == part => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_page_and_nowhere_else() {
        for (sent_to, page) in [
            ("/people", "/people"),
            ("/people/3/link", "/people"),
            ("/account/tokens/3/revoke", "/account"),
            ("/teaching/offer", "/teaching"),
            ("/studies/walk/close", "/studies/walk"),
            ("/join/word", "/join/word"),
            ("/reveal", "/"),
            ("/sign-out", "/"),
            ("/nowhere/at/all", "/"),
            ("/enter/word", "/"),
            ("/api/v1/me", "/"),
            ("//elsewhere.example/people", "/"),
            ("/people//elsewhere.example", "/people"),
            ("https://elsewhere.example", "/"),
            ("", "/"),
        ] {
            assert_eq!(page_at_or_above(sent_to), page, "{sent_to}");
        }
    }

    #[test]
    fn every_form_has_a_page_that_shows_it() {
        for route in routes().iter().filter(|route| route.method == Method::POST) {
            if route.path.starts_with("/api/") {
                continue;
            }
            let page = page_at_or_above(route.path);
            let on_the_first = ["/reveal", "/take-back", "/correct", "/withdraw", "/sign-out"];
            let is_on_the_first = on_the_first.contains(&route.path);
            assert_eq!(page == "/", is_on_the_first, "{}", route.path);
        }
    }
}
