//! Reader studies: a reader's sessions, the coordinator's board.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Redirect;
use maud::{Markup, html};
use rating::study::{DesignKind, Shows, StudyProtocol};
use rusqlite::Connection;

use super::layout::{self, csrf};
use crate::clock::Moment;
use crate::people::{Ability, Person};
use crate::refusal::Refusal;
use crate::store::Actor;
use crate::studies::{self, Deviations, Far, Study, Turn};
use crate::web::App;
use crate::web::access::Caller;
use crate::web::form::Fields;

/// Every study, or the caller's.
pub(in crate::web) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Markup, Refusal> {
    let person = caller.person.clone();
    let all = app.room.store.read(move |db| {
        let reader = (!person.role.may(Ability::Coordinate)).then_some(&person);
        studies::all(db, reader)
    });
    let all = all.await?;
    let main = html! {
        h1 { "Studies" }
        @if all.is_empty() { p { "There is no study for you." } }
        ul.plain-list { @for study in &all {
            li {
                a href={ "/studies/" (study.protocol.name) } { (study.protocol.title) }
                " " span.aside { @if study.closed.is_some() { "closed" } @else { "open" } }
            }
        } }
    };
    Ok(layout::page("Studies", &caller, &main))
}

/// A study: the board for coordinators, the sessions for readers.
pub(in crate::web) async fn one(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Markup, Refusal> {
    let (room, asker) = (app.room.clone(), caller.clone());
    let found = app.room.store.read(move |db| {
        let study = studies::by_name(db, &name)?;
        let now = room.store.now();
        let main = if asker.person.role.may(Ability::Coordinate) {
            board(
                &study,
                &studies::board(db, &study)?,
                &studies::deviations(db, &study)?,
                now,
                &asker,
            )
        } else {
            sessions(db, &study, &asker.person, now)?
        };
        Ok((study.protocol.title.clone(), main))
    });
    let (title, main) = found.await?;
    Ok(layout::page(&title, &caller, &main))
}

/// A day of a moment, as people write it.
fn day(moment: Moment) -> String {
    moment.to_string().chars().take(10).collect()
}

fn arm_words(shows: Shows) -> &'static str {
    match shows {
        Shows::Nothing => "You read alone: no answer of the system is sent.",
        Shows::Grades => "You see the system's grades and how its models voted.",
        Shows::GradesAndHeatmap => "You see the system's grades, its votes and its heatmaps.",
    }
}

/// What a reader finds: what to do, how far it is.
fn sessions(
    db: &Connection,
    study: &Study,
    person: &Person,
    now: Moment,
) -> Result<Markup, Refusal> {
    let protocol = &study.protocol;
    let reader = studies::reads(db, study.id, person.id)?.ok_or_else(studies::no_such_study)?;
    let altered = match (study.closed, &protocol.altered) {
        (Some(_), Some(_)) => altered_words(studies::altered_for(db, study, reader.number)?),
        _ => html! {},
    };
    if reader.is_withdrawn {
        return Ok(html! {
            h1 { (protocol.title) }
            p role="status" { "You read in this study no more: its coordinator has withdrawn you." }
            (altered)
        });
    }
    let turn = studies::turn(db, study, person.id, now)?;
    let mine = studies::board(db, study)?.into_iter().filter(|far| far.reader == reader.number);
    let mine: Vec<Far> = mine.collect();
    Ok(html! {
        h1 { (protocol.title) }
        p { "Grade every case as you would in your practice. What you submit is locked. \
             You can stop at any time and go on later; time counts only while you work." }
        @for far in &mine {
            section.session {
                h2 { "Session " (far.number + 1) " of " (protocol.sessions()) }
                p { (arm_words(protocol.arms[far.arm].shows))
                    @if protocol.arms[far.arm].own_grades_first { " Your own grades come first." } }
                p { (far.done) " of " (far.total) " cases read." }
                progress value=(far.done) max=(far.total) aria-label="Cases read" {}
            }
        }
        @match turn {
            Turn::Read(item) => p { a.button href={ "/studies/" (protocol.name) "/read" } {
                @if item.done == 0 { "Begin session " (item.number + 1) } @else { "Go on" }
            } },
            Turn::Wait(until) => p role="status" { "The next session begins on " (day(until))
                ", " (protocol.design.washout_days) " days after the last one, so that cases are not remembered." },
            Turn::Done => p role="status" { "All your cases are read. Thank you." },
            Turn::Closed => p role="status" { "This study is closed. Thank you." },
        }
        (altered)
    })
}

/// What a reader is told of altered answers when a study is closed.
fn altered_words(count: usize) -> Markup {
    html! {
        p { "As approved by the ethics committee, some of the answers that readers of this study were shown had been \
             altered on purpose: " (count) " of those you saw. They say nothing about the system." }
    }
}

/// Days without a reading after which a reader is reminded.
const OVERDUE_DAYS: i64 = 7;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Days since a reader could have gone on; `None` for whoever need not.
fn idle_days(far: &Far, now: Moment) -> Option<i64> {
    if far.done >= far.total || far.withdrawn.is_some() {
        return None;
    }
    let since = far.last.filter(|_| far.done > 0).or(far.begins)?;
    Some((now.millis() - since.millis()).div_euclid(DAY_MS)).filter(|&days| days >= 0)
}

fn board(
    study: &Study,
    all: &[Far],
    deviations: &Deviations,
    now: Moment,
    caller: &Caller,
) -> Markup {
    let protocol = &study.protocol;
    let overdue: Vec<&Far> = all
        .iter()
        .filter(|far| idle_days(far, now).is_some_and(|days| days >= OVERDUE_DAYS))
        .collect();
    html! {
        h1 { (protocol.title) }
        p { (design_words(protocol)) " Protocol version " (protocol.version) ", hash " code { (study.hash[..16]) } "." }
        @for warning in protocol.warnings() { p.warning { (warning) } }
        @match &study.seal {
            Some(seal) => {
                p role="status" { "Closed. Seal of all submitted readings: " code { (seal) } }
                p { "The report is made where the reference grades are, which this room does not know:" }
                pre.copy { "rating study report " (protocol.name) " --data ROOM --truth MANIFEST.csv --out REPORT" }
            },
            None => p.aside { "Agreement and results are withheld until the study is closed." },
        }
        div.wide role="group" aria-label="How far the readers are" tabindex="0" {
        table {
            caption { "How far the readers are" }
            thead { tr { @for head in ["Reader", "Account", "Session", "Arm", "Read", "Cases", "Last reading", "At", "State"] {
                th scope="col" { (head) }
            } } }
            tbody { @for far in all { tr {
                th scope="row" { (protocol.readers[far.reader].name) }
                td { (far.person) } td { (far.number + 1) } td { (protocol.arms[far.arm].name) }
                td { (far.done) } td { (far.total) }
                td { (far.last.map_or_else(|| "-".to_owned(), day)) }
                td { @match &far.at { Some(code) => code { (code) }, None => "-" } }
                td { (state_words(far, now)) }
            } } }
        }
        }
        @if !deviations.cases.is_empty() {
            h2 { "Withdrawn cases" }
            ul { @for one in &deviations.cases { li { (one.which) ", " (day(one.when)) ": " (one.why) } } }
        }
        @if !overdue.is_empty() && study.closed.is_none() {
            h2 { "Reminders, to copy" }
            @for far in overdue { pre.copy { (reminder(protocol, far)) } }
        }
        @if study.closed.is_none() { (actions(study, all, caller)) }
    }
}

fn design_words(protocol: &StudyProtocol) -> String {
    let kind = match protocol.design.kind {
        DesignKind::Sequential => "Sequential: everybody has the arms in the same order",
        DesignKind::Crossover => "Crossover: groups of readers begin with different arms",
        DesignKind::Parallel => "Parallel: every reader has one arm",
    };
    format!("{kind}; {} days of washout.", protocol.design.washout_days)
}

fn state_words(far: &Far, now: Moment) -> String {
    if let Some(why) = &far.withdrawn {
        return format!("withdrawn: {why}");
    }
    if far.done >= far.total {
        return "done".to_owned();
    }
    match (far.begins, idle_days(far, now)) {
        (None, _) => "after the session before it".to_owned(),
        (Some(begins), None) => format!("washout until {}", day(begins)),
        (Some(_), Some(days)) if days >= OVERDUE_DAYS => format!("overdue: {days} days"),
        (Some(_), Some(_)) if far.done == 0 => "may begin".to_owned(),
        (Some(_), Some(_)) => "reading".to_owned(),
    }
}

fn reminder(protocol: &StudyProtocol, far: &Far) -> String {
    format!(
        "Dear {},\nin \"{}\" {} of {} cases of session {} are still to be read. Could you go on when you have the time? \
         The page shows where you stopped.\nThank you.",
        far.person,
        protocol.title,
        far.total - far.done,
        far.total,
        far.number + 1,
    )
}

/// Whether there is a washout before a session that is still to be made.
fn waits(far: &Far) -> bool {
    far.number > 0 && far.done < far.total && far.withdrawn.is_none()
}

fn actions(study: &Study, all: &[Far], caller: &Caller) -> Markup {
    let name = &study.protocol.name;
    let why = html! { label { "Why " input name="why" required maxlength="1000"; } };
    html! {
        h2 { "Changes to the study" }
        p.aside { "Each needs a reason and stands in the journal." }
        form.row method="post" action={ "/studies/" (name) "/withdraw-case" } { (csrf(caller))
            label { "Case, by code or name of its pair " input name="case" required maxlength="200" autocomplete="off"; }
            (why) button { "Withdraw the case" }
        }
        form.row method="post" action={ "/studies/" (name) "/withdraw-reader" } { (csrf(caller))
            label { "Reader " select name="number" { @for far in all.iter().filter(|far| far.number == 0 && far.withdrawn.is_none()) {
                option value=(far.reader + 1) { (study.protocol.readers[far.reader].name) }
            } } }
            (why) button { "Withdraw the reader" }
        }
        form.row method="post" action={ "/studies/" (name) "/allow-early" } { (csrf(caller))
            label { "Session " select name="number" { @for far in all.iter().filter(|far| waits(far)) {
                option value={ (far.reader + 1) "." (far.number + 1) } { (study.protocol.readers[far.reader].name) ", session " (far.number + 1) }
            } } }
            (why) button { "Let it begin before the washout is over" }
        }
        form.row method="post" action={ "/studies/" (name) "/close" } { (csrf(caller))
            label { "Type the study's name to close it for good " input name="name" required autocomplete="off"; }
            button { "Close and seal" }
        }
    }
}

fn number(fields: &Fields) -> Result<i64, Refusal> {
    let asked: Option<i64> = fields.text("number").parse().ok();
    asked.filter(|&number| number >= 1).map(|number| number - 1).ok_or_else(no_number)
}

fn no_number() -> Refusal {
    Refusal::malformed("Give the number, counted from 1.")
}

pub(in crate::web) async fn withdraw_case(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let (case, why) = (fields.text("case").to_owned(), fields.text("why").to_owned());
    let study = name.clone();
    let change = app.room.store.write(Actor::Person(caller.person.id), move |change| {
        studies::withdraw_case(change, &study, &case, &why)
    });
    change.await?;
    Ok(back(&name))
}

pub(in crate::web) async fn withdraw_reader(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let (number, why, study) = (number(&fields)?, fields.text("why").to_owned(), name.clone());
    let change = app.room.store.write(Actor::Person(caller.person.id), move |change| {
        studies::withdraw_reader(change, &study, number, &why)
    });
    change.await?;
    Ok(back(&name))
}

pub(in crate::web) async fn allow_early(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let asked = fields.text("number").split_once('.');
    let asked =
        asked.and_then(|(reader, session)| Some((reader.parse().ok()?, session.parse().ok()?)));
    let (reader, session): (i64, i64) = asked.ok_or_else(no_number)?;
    let (why, study) = (fields.text("why").to_owned(), name.clone());
    let change = app.room.store.write(Actor::Person(caller.person.id), move |change| {
        let which = (reader.saturating_sub(1), session.saturating_sub(1));
        studies::allow_early(change, &study, which, &why)
    });
    change.await?;
    Ok(back(&name))
}

pub(in crate::web) async fn close(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    if fields.text("name") != name {
        return Err(Refusal::unfit("Type the study's name to close it."));
    }
    let study = name.clone();
    let change = app
        .room
        .store
        .write(Actor::Person(caller.person.id), move |change| studies::close(change, &study));
    change.await?;
    Ok(back(&name))
}

fn back(name: &str) -> Redirect {
    Redirect::to(&format!("/studies/{name}"))
}
