//! What every page has around it.

use axum::http::StatusCode;
use maud::{DOCTYPE, Markup, html};
use rating::Origin;

use crate::answers::watermark;
use crate::people::Ability;
use crate::web::access::Caller;

/// A page for whoever has signed in.
pub(in crate::web) fn page(title: &str, caller: &Caller, main: &Markup) -> Markup {
    page_with(title, caller, main, &[])
}

/// The same, with scripts.
pub(in crate::web) fn page_with(
    title: &str,
    caller: &Caller,
    main: &Markup,
    scripts: &[&str],
) -> Markup {
    let may = |ability| caller.person.role.may(ability);
    let navigation = html! {
        nav aria-label="Main" {
            a href="/" { @if may(Ability::Read) { "Worklist" } @else { "Board" } }
            a href="/consensus" { "Consensus" }
            a href="/studies" { "Studies" }
            a href="/teaching" { "Teaching" }
            @if may(Ability::Coordinate) { a href="/export" { "Export" } }
            @if may(Ability::Coordinate) { a href="/import" { "Import" } }
            @if may(Ability::Administer) {
                a href="/people" { "People" }
                a href="/journal" { "Journal" }
            }
            a href="/account" { (caller.person.name) " (" (caller.person.role.word()) ")" }
            form method="post" action="/sign-out" { (csrf(caller)) button.plain { "Sign out" } }
        }
    };
    shell(title, &navigation, main, scripts)
}

/// A page for anybody.
pub(in crate::web) fn open(title: &str, main: &Markup) -> Markup {
    shell(title, &html! {}, main, &[])
}

/// The field that proves where a form comes from.
pub(in crate::web) fn csrf(caller: &Caller) -> Markup {
    html! { input type="hidden" name="csrf" value=(caller.csrf); }
}

/// What stands above figures that say nothing about patients; nothing above others.
pub(in crate::web) fn watermarked(origin: Option<Origin>) -> Markup {
    html! {
        @if let Some(sentence) = origin.and_then(watermark) { p.watermark { (sentence) } }
    }
}

/// The page of a refusal, with a way back to the page where the form was.
pub(in crate::web) fn refusal(
    status: StatusCode,
    sentence: &str,
    caller: Option<&Caller>,
    back: Option<&str>,
) -> Markup {
    let main = html! {
        h1 { (status.canonical_reason().unwrap_or("That did not work")) }
        p role="alert" { (sentence) }
        @match back {
            Some("/") | None => p { a href="/" { "Back to the start" } },
            Some("/sign-in") => p { a.button href="/sign-in" { "Sign in" } },
            Some(path) => {
                p { a.button href=(path) { "Back to the page" } }
                p { a href="/" { "Back to the start" } }
            },
        }
    };
    let title = "That did not work";
    caller.map_or_else(|| open(title, &main), |caller| page(title, caller, &main))
}

/// The whole document, with the scripts it needs.
pub(in crate::web) fn shell(
    title: &str,
    navigation: &Markup,
    main: &Markup,
    scripts: &[&str],
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="dark";
                title { (title) " - RATING reading room" }
                link rel="stylesheet" href="/assets/room.css";
                link rel="icon" href="/assets/icon.svg";
                @for script in scripts { script type="module" src={ "/assets/" (script) } {} }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header {
                    strong.brand { "RATING" }
                    p.purpose { "Research use only, not for diagnosis" }
                    (navigation)
                }
                main id="main" { (main) }
            }
        }
    }
}
