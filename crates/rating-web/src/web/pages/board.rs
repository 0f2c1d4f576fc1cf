//! The coordinator's board: how far everybody and everything is, and how well
//! readers agree.

use std::cmp::Reverse;

use maud::{Markup, html};
use rating::Protocol;
use rating::manifest::Side;
use rating::stats::{Estimate, Measured, Undefined};
use rating::words::counted;
use rusqlite::Connection;

use super::layout;
use crate::consensus::{self, Agreement, Beside, Counts};
use crate::people::{self, Ability, Person};
use crate::readings;
use crate::reason::LONGEST;
use crate::refusal::Refusal;
use crate::settings::{self, Reveal};
use crate::web::access::Caller;

/// Two readers each that a table of agreement shows: fifty readers are 1,225 of them.
const LISTED: usize = 100;

/// How far a reader is.
struct Far {
    reader: Person,
    locked: i64,
    all: i64,
    again: i64,
    waiting: i64,
}

pub(super) fn board(
    db: &Connection,
    protocol: &Protocol,
    caller: &Caller,
) -> Result<Markup, Refusal> {
    let moment = db.unchecked_transaction()?;
    let readers: Vec<Person> =
        people::all(&moment)?.into_iter().filter(|one| one.role.may(Ability::Read)).collect();
    let (counts, waiting) = consensus::overview(&moment, &readers)?;
    let mut far = Vec::new();
    for (reader, waiting) in readers.into_iter().zip(waiting) {
        let (locked, all) = readings::progress(&moment, reader.id)?;
        let again = consensus::done(&moment, reader.id)?;
        far.push(Far { reader, locked, all, again, waiting });
    }
    let agreement = consensus::agreement(&moment, protocol)?;
    let reveal = settings::reveal(&moment)?;
    let origin = crate::pairs::origin_of_read(&moment)?;
    Ok(html! {
        h1 { "Board" }
        p { (counted(counts.pairs(), "pair", "pairs")) ", " (counted(far.len(), "reader", "readers")) "." }
        (pairs(counts))
        (people_table(&far))
        (decisions(&far, reveal, caller))
        (mending(protocol, caller))
        h2 { "Agreement of readers" }
        (layout::watermarked(origin))
        p.aside {
            "First readings that were locked before their reader saw the system's answer. "
            "SE: standard error, pairs taken as independent; with several joints of a patient it is too small."
        }
        @for on in &agreement { (table(on)) }
    })
}

fn pairs(counts: Counts) -> Markup {
    let rows = [
        ("handed to nobody", counts.not_handed_out),
        ("being read", counts.reading),
        ("on the consensus list", counts.consensus),
        ("wait for a senior reader", counts.adjudication),
        ("settled", counts.settled),
    ];
    html! {
        table {
            caption { "How far the pairs are" }
            thead { tr { th scope="col" { "State" } th scope="col" { "Pairs" } } }
            tbody { @for (state, count) in rows { tr { th scope="row" { (state) } td { (count) } } } }
        }
        p { a href="/consensus" { "Pairs that are seen differently" } " - " a href="/export" { "Export" } }
    }
}

fn people_table(far: &[Far]) -> Markup {
    html! {
        table {
            caption { "How far everybody is" }
            thead { tr {
                th scope="col" { "Reader" } th scope="col" { "Role" }
                th scope="col" { "Read" } th scope="col" { "Handed out" }
                th scope="col" { "Read again or decided" } th scope="col" { "Waiting for that" }
            } }
            tbody { @for one in far {
                tr {
                    th scope="row" { (one.reader.name) } td { (one.reader.role.word()) }
                    td { (one.locked) } td { (one.all) } td { (one.again) } td { (one.waiting) }
                }
            } }
        }
    }
}

/// What the coordinator may change.
fn decisions(far: &[Far], reveal: Reveal, caller: &Caller) -> Markup {
    html! {
        @if far.iter().any(|one| one.all > one.locked) {
            form.line method="post" action="/take-back" {
                (layout::csrf(caller))
                label { "Take back from"
                    select name="reader" { @for one in far.iter().filter(|one| one.all > one.locked) {
                        option { (one.reader.name) }
                    } }
                }
                label { "the pair (empty: all that are not locked)" input name="code" maxlength="6" size="8"; }
                button { "Take back" }
            }
        }
        form.line method="post" action="/reveal" {
            (layout::csrf(caller))
            label { "Readers may see the system's answer about a pair"
                select name="reveal" { @for one in Reveal::ALL {
                    option value=(one.word()) selected[one == reveal] { (words(one)) }
                } }
            }
            button { "Set" }
        }
    }
}

/// What can be done about a pair that came in wrong.
fn mending(protocol: &Protocol, caller: &Caller) -> Markup {
    html! {
        h2 { "A pair that is wrong" }
        form.line method="post" action="/correct" {
            (layout::csrf(caller))
            (which())
            label { "is of the patient" input name="patient" maxlength="80" size="12" placeholder="as it is"; }
            label { "joint" select name="unit" {
                option value="" { "as it is" }
                @for unit in protocol.units() { option { (unit) } }
            } }
            label { "side" select name="side" {
                option value="" { "as it is" }
                @for side in Side::ALL { option { (side.word()) } }
            } }
            (why())
            button { "Correct" }
        }
        form.line method="post" action="/withdraw" {
            (layout::csrf(caller))
            (which())
            (why())
            button { "Withdraw" }
        }
        p.aside {
            "A corrected pair keeps its readings: nobody was shown what is corrected. A withdrawn pair leaves worklists, "
            "agreement and export; its readings stay in the history, and its images may come in again under its name."
        }
    }
}

fn which() -> Markup {
    html! { label { "Pair (code or name)" input name="pair" maxlength="200" size="12" required; } }
}

fn why() -> Markup {
    html! { label { "Why" input name="why" maxlength=(LONGEST) required; } }
}

fn words(reveal: Reveal) -> &'static str {
    match reveal {
        Reveal::AfterLock => "when they have locked their own reading",
        Reveal::AfterSettled => "when the pair is settled",
    }
}

/// The two readers each who have most pairs in common, in their order.
fn most_pairs(on: &Agreement) -> Vec<&Beside> {
    let mut most: Vec<usize> = (0..on.beside.len()).collect();
    most.sort_by_key(|&at| Reverse(on.beside[at].cases));
    most.truncate(LISTED);
    most.sort_unstable();
    most.into_iter().map(|at| &on.beside[at]).collect()
}

fn table(on: &Agreement) -> Markup {
    let name = on.measurement.replace('_', " ");
    html! {
        table {
            caption { (name) }
            thead { tr {
                th scope="col" { "Readers" } th scope="col" { "Pairs both graded" } th scope="col" { "Not graded by one" }
                th scope="col" { "PEA" } th scope="col" { "PCA" } th scope="col" { "Kappa, linear (SE)" }
            } }
            tbody {
                @for two in most_pairs(on) { tr {
                    th scope="row" { (two.readers[0]) " and " (two.readers[1]) }
                    td { (two.cases) } td { (two.not_graded) }
                    td { (percent(two.exact)) } td { (percent(two.close)) } td { (with_error(two.kappa)) }
                } }
                @if on.beside.len() > LISTED {
                    tr { td colspan="6" {
                        "The " (LISTED) " with most pairs of " (on.beside.len()) "; all in "
                        a href="/api/v1/agreement" { "/api/v1/agreement" } "."
                    } }
                }
                @if on.beside.is_empty() { tr { td colspan="6" { "No two readers have read the same pair yet." } } }
            }
        }
        p {
            "All readers (" (on.among.readers) "), on the pairs that every one of them graded (" (on.among.cases) "): "
            "Light's kappa, linear " (figure(on.among.light)) "; Fleiss' kappa " (with_error(on.among.fleiss)) "."
        }
    }
}

/// A figure, or "-" with the reason.
fn or_why<T>(measured: Result<T, Undefined>, text: impl Fn(T) -> String) -> String {
    measured.map_or_else(|why| format!("- ({why})"), text)
}

fn percent(measured: Measured) -> String {
    or_why(measured, |share| format!("{:.1} %", 100.0 * share))
}

fn figure(measured: Measured) -> String {
    or_why(measured, |value| format!("{value:.3}"))
}

fn with_error(estimate: Result<Estimate, Undefined>) -> String {
    or_why(estimate, |known| format!("{:.3} ({:.3})", known.value, known.standard_error))
}
