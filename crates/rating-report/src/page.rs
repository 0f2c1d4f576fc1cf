//! The page around everything: head, style, banners, footer.

use base64::prelude::{BASE64_STANDARD, Engine};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::label::Label;

const STYLE: &str = include_str!("style.css");
/// Sorts tables, and shows that a wide one goes on.
const SCRIPT: &str = concat!(include_str!("sort.js"), include_str!("scroll.js"));

/// Nothing may be loaded from anywhere, and no script runs but this one: even a mistake in here asks for nothing.
fn policy() -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{hash}'"
    )
}

/// A section of a page, listed in its contents.
pub(crate) struct Section {
    /// Unique on the page.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) body: Markup,
}

/// The whole document.
pub(crate) fn page(title: &str, label: Label, lead: &Markup, sections: &[Section]) -> String {
    let head_title = format!("{}{title}", label.prefix());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(policy());
                title { (head_title) }
                // Without it browsers ask the server for an icon.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    (label.banners())
                    h1 { (title) (label.badge()) }
                    (lead)
                    (contents(sections))
                }
                main {
                    @for section in sections {
                        section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                            h2 id={ (section.id) "-title" } { (section.title) (label.badge()) }
                            (section.body)
                        }
                    }
                }
                footer { (label.banners()) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

fn contents(sections: &[Section]) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                @for section in sections {
                    li { a href={ "#" (section.id) } { (section.title) } }
                }
            }
        }
    }
}

/// A wide table that scrolls by itself on a narrow screen. A group, no region:
/// a page of many tables would be all landmarks.
pub(crate) fn wide(name: &str, table: &Markup) -> Markup {
    html! { div.wide role="group" aria-label=(name) tabindex="0" { (table) } }
}
