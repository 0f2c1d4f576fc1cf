//! Pairs that readers see differently: the list, and all readings of one pair
//! side by side.

use axum::Extension;
use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use rating::Protocol;
use serde::Deserialize;

use super::layout;
use super::read::{self, Screen};
use crate::consensus::{self, Counted, Line, Listed, Page, Part, State as Progress, Verdict};
use crate::pairs;
use crate::people::Ability;
use crate::readings::{Stage, Standing, disclosure};
use crate::refusal::Refusal;
use crate::web::App;
use crate::web::access::Caller;

/// Pairs on a page.
const PAIRS: usize = 200;

#[derive(Deserialize)]
pub(in crate::web) struct From {
    #[serde(default)]
    after: usize,
}

pub(in crate::web) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(From { after }): Query<From>,
) -> Result<Markup, Refusal> {
    let person = caller.person.clone();
    let ((listed, count), waiting) = app
        .room
        .store
        .read(move |db| {
            let waiting = consensus::waiting(db, &person)?.len();
            Ok((consensus::list(db, &person, Page { after, most: PAIRS })?, waiting))
        })
        .await?;
    let last = after.saturating_add(listed.len());
    let main = html! {
        h1 { "Consensus" }
        @if count == 0 {
            p { "No pair is seen differently by its readers, as far as it has been read." }
        } @else {
            @if caller.person.role.may(Ability::Read) { p { "Waiting for you: " (waiting) "." } }
            table {
                caption {
                    "Pairs that were seen differently"
                    @if count > listed.len() { ", " (after.saturating_add(1)) " to " (last) " of " (count) }
                }
                thead { tr { th scope="col" { "Pair" } th scope="col" { "State" } th scope="col" { "For you" } } }
                tbody { @for one in &listed { (row(one, &app.room.protocol)) } }
            }
            @if last < count { p { a href={ "/consensus?after=" (last) } { "More pairs" } } }
        }
    };
    Ok(layout::page("Consensus", &caller, &main))
}

fn row(one: &Listed, protocol: &Protocol) -> Markup {
    html! { tr {
        th scope="row" { a href={ "/consensus/" (one.code) } { code { (one.code) } } }
        td { (words(&one.state, protocol)) }
        td { @match one.part {
            Part::None => "",
            Part::Consensus => "read it again",
            Part::Adjudication => "decide",
        } }
    } }
}

/// How far a pair is, in words.
fn words(state: &Progress, protocol: &Protocol) -> String {
    match state {
        Progress::NotHandedOut => "handed to nobody".to_owned(),
        Progress::Reading { locked, of } => format!("{locked} of {of} have read it"),
        Progress::Consensus { locked, of } => format!("{locked} of {of} have read it again"),
        Progress::Adjudication => "waits for a senior reader".to_owned(),
        Progress::Settled(settled) => {
            let by = match settled.by {
                Stage::First => "first readings that agree",
                Stage::Consensus => "consensus",
                Stage::Adjudication => "a senior reader",
            };
            format!("settled by {by}: {}", verdict(&settled.verdict, protocol))
        }
    }
}

fn verdict(verdict: &Verdict, protocol: &Protocol) -> String {
    let Verdict::Grades(grades) = verdict else { return "cannot be graded".to_owned() };
    let named = protocol.measurements().iter().zip(grades);
    let named = named.map(|(known, grade)| format!("{} {grade}", known.name.replace('_', " ")));
    named.collect::<Vec<_>>().join(", ")
}

pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(code): Path<String>,
) -> Result<Markup, Refusal> {
    let room = app.room.clone();
    let (person, asked) = (caller.person.clone(), code.clone());
    let (state, lines, stage, answers) = app
        .room
        .store
        .read(move |db| {
            let pair = pairs::by_code(db, &room.protocol, &asked)?;
            let standing = Standing::of(db, &person, pair.id)?;
            let told = disclosure(&person, &standing, room.store.now());
            if !told.images || !told.readings_of_others {
                return Err(Refusal::unknown("There is no such pair."));
            }
            let state = consensus::of_pair(db, pair.id, Counted::default())?;
            let part = consensus::part(db, &person, pair.id)?;
            let answers = read::answers_here(db, &room, &person, &asked)?;
            Ok((state, consensus::told(db, &person, &pair)?, part.stage(), answers))
        })
        .await?;
    let protocol = &app.room.protocol;
    let beside = html! {
        p role="status" { strong { (words(&state, protocol)) } }
        (side_by_side(&lines, protocol))
        (rectangles(&lines, protocol))
    };
    let answers = answers && stage.is_some() && app.room.desk.is_some();
    let screen = Screen { code: &code, home: "/consensus", page: "/consensus/", stage, answers };
    let title = match stage {
        Some(Stage::Adjudication) => "Decide pair",
        Some(_) => "Read again pair",
        None => "Readings of pair",
    };
    Ok(read::document(&app.room.protocol, &caller, title, &screen, &beside))
}

/// A table of readings; where readers differ the column says so in words.
fn side_by_side(lines: &[Line], protocol: &Protocol) -> Markup {
    let first = || lines.iter().filter(|line| line.stage == Stage::First);
    let differs = |at: usize| {
        let mut grades =
            first().map(|line| line.body.all_grades().and_then(|all| all.get(at).copied()));
        let one = grades.next();
        grades.any(|other| Some(other) != one)
    };
    let measurements = protocol.measurements();
    html! {
        table.readings {
            caption { "Readings side by side" }
            thead { tr {
                th scope="col" { "Reader" } th scope="col" { "Stage" }
                @for (at, measurement) in measurements.iter().enumerate() {
                    th scope="col" { (measurement.name.replace('_', " ")) @if differs(at) { span.differs { " (they differ)" } } }
                }
            } }
            tbody { @for (at, line) in lines.iter().enumerate() { (said(at, line, measurements.len())) } }
        }
    }
}

/// One reading: grades, and the comment in a row of its own.
fn said(at: usize, line: &Line, measurements: usize) -> Markup {
    html! {
        tr.own[line.own] {
            th scope="row" { (mark(at)) " " (line.who) }
            td { (line.stage.word()) @if let Some(words) = why_not(line) { span.differs { " (" (words) ": does not count)" } } }
            @match line.body.cannot {
                Some(reason) => td colspan=(measurements) { "cannot grade: " (reason.words()) },
                None => @for grade in &line.body.grades { td { @if let Some(grade) = grade { (grade) } } },
            }
        }
        @if !line.body.comment.is_empty() {
            tr.own[line.own] { td.comment colspan=(2 + measurements) { (mark(at)) " " (line.body.comment) } }
        }
    }
}

/// Why a reading does not count.
fn why_not(line: &Line) -> Option<&'static str> {
    if !line.shown.is_nothing() {
        return Some("knew the system's answer");
    }
    let is_coloured = line.stage == Stage::Consensus && line.others_had_seen;
    is_coloured.then_some("another reader knew the system's answer")
}

/// The rectangles are drawn on the images; their sides in numbers for whoever
/// does not see them.
fn rectangles(lines: &[Line], protocol: &Protocol) -> Markup {
    html! {
        details {
            summary { "Rectangles in numbers" }
            table.readings {
                caption { "ROI: left, top, right, bottom, in pixels" }
                thead { tr {
                    th scope="col" { "Reader" }
                    @for modality in protocol.modalities() { th scope="col" { (modality.name) } }
                } }
                tbody { @for (at, line) in lines.iter().enumerate() { tr {
                    th scope="row" { (mark(at)) " " (line.who) }
                    @for roi in &line.body.rois { td.roi { @if let Some(roi) = roi { (numbers(roi.sides())) } } }
                } } }
            }
        }
    }
}

/// The number of a reading, as it stands beside its rectangle: the same colour,
/// the same dashes.
fn mark(at: usize) -> Markup {
    html! { span class={ "mark mark-" (at % 5) } { (at + 1) } }
}

fn numbers(sides: [u32; 4]) -> String {
    sides.map(|side| side.to_string()).join(", ")
}
