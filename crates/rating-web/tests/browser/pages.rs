//! Every page, as every role, on three screens: axe finds nothing serious,
//! nobody scrolls sideways, Tab comes to every control and shows where it is.

use rating_web::people::Role;

use crate::checks::axe;
use crate::devtools::{LAPTOP, PHONE, Screen, ZOOMED};
use crate::driver::{Driver, ENTER, ESCAPE, SHIFT};
use crate::import::lay_out;
use crate::scene::{self, Scene};
use crate::served::Served;
use crate::study;

/// A page to look at.
struct Page {
    name: &'static str,
    path: String,
    /// True when it is there.
    ready: &'static str,
    /// What a person on a laptop sees without scrolling.
    at_once: &'static [&'static str],
}

/// A page that is there when the browser says so.
fn page(name: &'static str, path: &str) -> Page {
    Page { name, path: path.to_owned(), ready: "return true", at_once: &[] }
}

/// A reading screen: images, grades and the button to lock fit the screen.
fn reading(name: &'static str, path: &str) -> Page {
    let ready = "return /Saved|Locked/.test(document.querySelector('#saved').textContent)";
    let at_once = &[".view canvas", ".grades", "#reading .main", "#comment"];
    Page { ready, at_once, ..page(name, path) }
}

fn looking(name: &'static str, path: &str) -> Page {
    let ready = "return document.querySelector('#saved').textContent === ''";
    Page { ready, at_once: &[".view canvas"], ..page(name, path) }
}

fn of_role(name: &str, scene: &Scene, import: &str) -> Vec<Page> {
    let Scene { fresh, locked, consensus, adjudication, settled } = scene;
    match name {
        "anna" => vec![
            page("worklist", "/"),
            reading("read", &format!("/read/{fresh}")),
            reading("locked", &format!("/read/{locked}")),
            page("consensus-list", "/consensus"),
            reading("read-again", &format!("/consensus/{consensus}")),
            looking("waiting", &format!("/consensus/{adjudication}")),
            page("refused", "/people"),
        ],
        "vera" => vec![
            page("worklist-senior", "/"),
            reading("decide", &format!("/consensus/{adjudication}")),
            looking("settled", &format!("/consensus/{settled}")),
        ],
        "carl" => {
            let ready = "return document.querySelectorAll('#pairs li').length === 3";
            vec![
                page("board", "/"),
                page("consensus-list-coordinator", "/consensus"),
                looking("side-by-side", &format!("/consensus/{settled}")),
                page("export", "/export"),
                page("export-revealed", "/export?revealed=include"),
                page("import", "/import"),
                Page { ready, ..page("contact-sheet", import) },
            ]
        }
        _ => vec![
            page("board-admin", "/"),
            page("people", "/people"),
            page("journal", "/journal"),
            page("account", "/account"),
        ],
    }
}

pub async fn are_for_everybody(driver: &Driver) {
    let axe = axe();
    if axe.is_none() {
        eprintln!("skipped: axe-core is not here, ./scripts/page-check/fetch brings it");
    }
    let folder = tempfile::tempdir().unwrap();
    let served = Served::open(&folder.path().join("room"));
    let first = served.room.room.first_link().unwrap().unwrap();
    let scene = scene::lay(&served).await;
    let mut wrong = Vec::new();
    let mut check = Check { driver, served: &served, axe: axe.as_deref(), wrong: &mut wrong };
    driver.client.delete_all_cookies().await.unwrap();
    check.all(&[page("sign-in", "/sign-in"), page("join", &format!("/join/{first}"))]).await;
    let mut import = String::new();
    for name in ["anna", "vera", "carl", "root"] {
        driver.on(LAPTOP).await;
        served.sign_in(driver, name).await;
        if name == "carl" {
            import = begin_import(driver, &served, folder.path()).await;
        }
        check.all(&of_role(name, &scene, &import)).await;
        if name == "anna" {
            check.answer(&scene.locked).await;
            check.keys(&scene.fresh).await;
        }
    }
    served.close();
    driver.on(LAPTOP).await;
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}

/// The pages of a reader study, for who reads and who coordinates.
pub async fn of_a_study_are_for_everybody(driver: &Driver) {
    let axe = axe();
    let folder = tempfile::tempdir().unwrap();
    let served = Served::open(folder.path());
    let anna = served.room.browser("anna", Role::Reader).await;
    served.room.browser("carl", Role::Coordinator).await;
    study::open(&served, anna.id);
    let mut wrong = Vec::new();
    let mut check = Check { driver, served: &served, axe: axe.as_deref(), wrong: &mut wrong };
    let of_case = |name: &'static str, at_once: &'static [&'static str]| {
        let ready = "return document.querySelector('#saved').textContent === 'Saved'";
        Page { ready, at_once, ..page(name, "/studies/walk/read") }
    };
    driver.on(LAPTOP).await;
    served.sign_in(driver, "anna").await;
    check.all(&[page("studies", "/studies"), page("study", "/studies/walk")]).await;
    const ALONE: &[&str] = &[".view canvas", ".grades", "#reading .main"];
    check.all(&[of_case("study-alone", ALONE)]).await;
    driver.on(LAPTOP).await;
    for read in ["0 of 2 read", "1 of 2 read"] {
        driver.goto(&format!("{}/studies/walk/read", served.address)).await;
        driver.wait_for_text("#progress", read).await;
        driver.wait_for_text("#saved", "Saved").await;
        driver.keys("2").await;
        driver.chord(SHIFT, '1').await;
        driver.keys(&ENTER.to_string()).await;
        driver
            .wait_until("return !document.querySelector('#progress')?.textContent.includes('0 of')")
            .await;
    }
    driver.wait_for_text("main", "The next session begins on").await;
    check.all(&[page("study-washout", "/studies/walk")]).await;
    served.room.pass(15 * 24 * 60 * 60);
    driver.on(LAPTOP).await;
    served.sign_in(driver, "anna").await;
    check.all(&[of_case("study-before-answer", &[".view canvas", ".grades", "#show"])]).await;
    driver.on(LAPTOP).await;
    driver.goto(&format!("{}/studies/walk/read", served.address)).await;
    driver.wait_for_text("#saved", "Saved").await;
    driver.keys("1").await;
    driver.chord(SHIFT, '0').await;
    driver.keys("v").await;
    driver.wait_for_text("#told caption", "Research use only").await;
    const ANSWERED: &[&str] =
        &[".view canvas", "#answer .view canvas", "#told", ".grades", "#reading .main"];
    check.all(&[of_case("study-answer", ANSWERED)]).await;
    served.sign_in(driver, "carl").await;
    check
        .all(&[page("studies-coordinator", "/studies"), page("study-board", "/studies/walk")])
        .await;
    driver.on(LAPTOP).await;
    driver.goto(&format!("{}/studies/walk", served.address)).await;
    driver.type_into("input[name=name]", "walk").await;
    driver.click("form[action$='/close'] button").await;
    driver.wait_for_text("main", "Seal of all submitted readings").await;
    check.all(&[page("study-closed", "/studies/walk")]).await;
    served.close();
    driver.on(LAPTOP).await;
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}

/// Files that wait on a contact sheet; its path.
async fn begin_import(driver: &Driver, served: &Served, folder: &std::path::Path) -> String {
    let dropped = lay_out(folder);
    let dropped: Vec<_> = dropped.iter().map(std::path::PathBuf::as_path).collect();
    driver.goto(&format!("{}/import", served.address)).await;
    driver.drop_files("#drop", &dropped).await;
    let link = driver.wait("#told a").await.attr("href").await.unwrap();
    link.unwrap()
}

struct Check<'a> {
    driver: &'a Driver,
    served: &'a Served,
    axe: Option<&'a str>,
    wrong: &'a mut Vec<String>,
}

impl Check<'_> {
    async fn all(&mut self, pages: &[Page]) {
        for page in pages {
            for screen in [LAPTOP, ZOOMED, PHONE] {
                self.driver.on(screen).await;
                self.driver.goto(&format!("{}{}", self.served.address, page.path)).await;
                self.driver.wait_until(page.ready).await;
                self.one(page.name, screen).await;
                if screen.name == LAPTOP.name {
                    let below = self.driver.below_the_fold(page.at_once).await;
                    self.note(
                        page.name,
                        screen,
                        below.iter().map(|css| format!("{css} is below the fold")),
                    );
                }
            }
        }
    }

    /// The answer under the reading it belongs to.
    async fn answer(&mut self, code: &str) {
        for screen in [LAPTOP, ZOOMED, PHONE] {
            self.driver.on(screen).await;
            self.driver.goto(&format!("{}/read/{code}", self.served.address)).await;
            self.driver.wait_for_text("#saved", "Locked").await;
            self.driver.keys("v").await;
            self.driver.wait_for_text("#answer-state", "Complete").await;
            if screen.name == LAPTOP.name {
                let at_once = [".view canvas", "#answer .view canvas", "#told", "#answer .caption"];
                let below = self.driver.below_the_fold(&at_once).await;
                self.note(
                    "answer",
                    screen,
                    below.iter().map(|css| format!("{css} is below the fold")),
                );
            }
            self.one("answer", screen).await;
        }
    }

    /// The list of keys over a pair: ? opens it, Escape closes it.
    async fn keys(&mut self, code: &str) {
        for screen in [LAPTOP, ZOOMED, PHONE] {
            self.driver.on(screen).await;
            self.driver.goto(&format!("{}/read/{code}", self.served.address)).await;
            self.driver.wait_for_text("#saved", "Saved").await;
            self.driver.keys("?").await;
            self.driver.wait("#keys[open]").await;
            self.look("keys", screen).await;
            self.driver.keys(&ESCAPE.to_string()).await;
            self.driver.wait_until("return !document.querySelector('#keys').open").await;
        }
    }

    async fn one(&mut self, name: &str, screen: Screen) {
        self.look(name, screen).await;
        if screen.name != PHONE.name {
            let missed = self.driver.out_of_reach().await;
            self.note(name, screen, missed);
        }
    }

    /// What needs no keys.
    async fn look(&mut self, name: &str, screen: Screen) {
        // As a person takes time, so that nobody asks too often.
        self.served.room.pass(10);
        let driver = self.driver;
        driver.picture_on(name, screen).await;
        let overhang = driver.overhang().await;
        if overhang > 0 {
            self.note(name, screen, [format!("{overhang} px wider than the screen")]);
        }
        if let Some(axe) = self.axe {
            let said = driver.axe_says(axe).await;
            self.note(name, screen, said);
        }
    }

    fn note(&mut self, name: &str, screen: Screen, said: impl IntoIterator<Item = String>) {
        self.wrong.extend(said.into_iter().map(|said| format!("{name}, {}: {said}", screen.name)));
    }
}
