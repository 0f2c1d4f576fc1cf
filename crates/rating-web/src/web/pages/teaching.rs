//! Teaching: for those who read, what to learn on and how they get on; for
//! coordinators, what is offered and how everybody gets on.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Redirect;
use maud::{Markup, html};
use rating::Protocol;
use rating::words::word;
use rusqlite::Connection;

use super::layout::{self, csrf};
use super::progress::{day, progress, share};
use crate::clock::Moment;
use crate::people::{self, Ability};
use crate::refusal::Refusal;
use crate::store::{Actor, Change};
use crate::teaching::{self, Difficulty, Level, OfferedCase, WAITS_DAYS};
use crate::web::App;
use crate::web::access::Caller;
use crate::web::api::teaching::of_person;
use crate::web::form::Fields;

/// Offered pairs that are listed one by one.
const LISTED: usize = 50;

pub(in crate::web) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Markup, Refusal> {
    let (room, asker) = (app.room.clone(), caller.clone());
    let main = app.room.store.read(move |db| {
        let now = room.store.now();
        if asker.person.role.may(Ability::Coordinate) {
            coordinating(db, &room.protocol, &asker, now)
        } else {
            learning(db, &room.protocol, asker.person.id)
        }
    });
    Ok(layout::page("Teaching", &caller, &main.await?))
}

/// What somebody who reads finds.
fn learning(db: &Connection, protocol: &Protocol, person: i64) -> Result<Markup, Refusal> {
    let found = of_person(db, protocol, person)?;
    let mine = teaching::learners(db)?.into_iter().find(|learner| learner.id == person);
    Ok(html! {
        h1 { "Teaching" }
        p { "Grade a pair that others have settled; then see its grades, what its readers said and why. \
             You learn on pairs that are not yours to read, and a pair whose truth you have seen is never handed to you." }
        ul.levels {
            @for level in Level::ALL { li {
                a.button.other[level != Level::Due] href={ "/teaching/lesson?level=" (level.word()) } {
                    @match level { Level::Due => "Whatever is due", Level::Only(one) => { "Only " (one.word()) " cases" } }
                }
            } }
        }
        (difficulties())
        h2 { "Your progress" }
        (progress(protocol, &found, mine.map_or(0, |learner| learner.repeats)))
    })
}

/// What the words for difficulty mean, and when cases come back.
fn difficulties() -> Markup {
    let days = WAITS_DAYS.map(|days| days.to_string());
    let [first, others @ ..] = &days;
    html! {
        details {
            summary { "How difficulty is judged, and when a case comes back" }
            dl { @for one in Difficulty::ALL { dt { (one.word()) } dd { (one.words()) } } }
            p { "A case that was answered wrongly comes back after " (first) " day, then, as long as it is answered right, after "
                (others.join(", ")) " days. A wrong answer puts it back to the first day. What was right the first time does not come back." }
        }
    }
}

fn coordinating(
    db: &Connection,
    protocol: &Protocol,
    caller: &Caller,
    now: Moment,
) -> Result<Markup, Refusal> {
    let cases = teaching::offered(db, now)?;
    Ok(html! {
        h1 { "Teaching" }
        p { "Readers learn on the settled pairs that are offered here; what others said is told without names. "
            "Whoever was told a pair's truth in a lesson cannot be handed that pair, nor read it in a study." }
        (offering(&cases, caller))
        (difficulties())
        h2 { "Learners" }
        (learners(db, protocol)?)
        p { a.button.other href="/api/v1/teaching/answers.csv" download="answers.csv" { "answers.csv" }
            " every submitted answer, one row each" }
    })
}

fn offering(cases: &[OfferedCase], caller: &Caller) -> Markup {
    let count = |difficulty| cases.iter().filter(|one| one.difficulty == difficulty).count();
    let resting = cases.iter().filter(|one| one.is_embargoed).count();
    html! {
        table {
            caption { "Offered pairs" }
            thead { tr { th scope="col" { "Difficulty" } th scope="col" { "Pairs" } } }
            tbody {
                @for one in Difficulty::ALL { tr { th scope="row" { (one.word()) } td { (count(Some(one))) } } }
                @if count(None) > 0 { tr { th scope="row" { "not settled any more, not shown" } td { (count(None)) } } }
            }
        }
        @if resting > 0 { p { (resting) " of them " (word(resting, "is", "are")) " in an open study and not shown until it is closed." } }
        form.line method="post" action="/teaching/offer" { (csrf(caller))
            label { "Offer the pair" input name="code" maxlength="6" size="8" required; }
            button { "Offer" }
            button name="all" value="yes" formnovalidate { "Offer every settled pair" }
        }
        @if !cases.is_empty() {
            form.line method="post" action="/teaching/take-back" { (csrf(caller))
                label { "Take back the pair" input name="code" maxlength="6" size="8" required; }
                button { "Take back" }
                button name="all" value="yes" formnovalidate { "Take all back" }
            }
            details {
                summary { "Which pairs" @if cases.len() > LISTED { " (the first " (LISTED) ")" } }
                p.aside { "What its readers wrote is told as they wrote it: look at a pair before you offer it." }
                table {
                    thead { tr { th scope="col" { "Code" } th scope="col" { "Difficulty" } th scope="col" { "Answered by" } } }
                    tbody { @for one in cases.iter().take(LISTED) { tr {
                        th scope="row" { a href={ "/consensus/" (one.code) } { code { (one.code) } } }
                        td { (one.difficulty.map_or("-", Difficulty::word)) } td { (one.learners) }
                    } } }
                }
            }
        }
    }
}

fn learners(db: &Connection, protocol: &Protocol) -> Result<Markup, Refusal> {
    let mut far = Vec::new();
    for learner in teaching::learners(db)? {
        let progress = of_person(db, protocol, learner.id)?;
        far.push((learner, progress));
    }
    let origin = far.iter().filter_map(|(_, progress)| progress.origin).max();
    Ok(html! {
        (layout::watermarked(origin))
        @if far.is_empty() { p { "Nobody has answered a case yet." } } @else {
            div.wide role="group" aria-label="How learners get on" tabindex="0" { table {
                caption { "First answers to each case; exact: the share of right grades" }
                thead { tr {
                    th scope="col" { "Learner" } th scope="col" { "Cases" } th scope="col" { "Repeats" }
                    @for measurement in protocol.measurements() { th scope="col" { "Exact, " (measurement.name.replace('_', " ")) } }
                    th scope="col" { "Last answer" }
                } }
                tbody { @for (learner, progress) in &far { tr {
                    th scope="row" { a href={ "/teaching/learners/" (learner.id) } { (learner.name) } }
                    td { (progress.answers) } td { (learner.repeats) }
                    @for one in &progress.overall { td { (share(one.exact)) } }
                    td { (day(learner.last)) }
                } } }
            } }
        }
    })
}

/// How one learner gets on, for a coordinator.
pub(in crate::web) async fn learner(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Markup, Refusal> {
    let room = app.room.clone();
    let found = app.room.store.read(move |db| {
        let name = people::one(db, id)?.name;
        let known = teaching::learners(db)?.into_iter().find(|learner| learner.id == id);
        let repeats = known.map_or(0, |learner| learner.repeats);
        let found = of_person(db, &room.protocol, id)?;
        Ok(html! {
            h1 { "Progress of " (name) }
            (progress(&room.protocol, &found, repeats))
            p { a href="/teaching" { "All learners" } }
        })
    });
    Ok(layout::page("Progress", &caller, &found.await?))
}

/// Offers a pair, or every settled one.
pub(in crate::web) async fn offer(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    change(&app, &caller, &fields, teaching::offer).await
}

/// Takes a pair back, or all that are offered.
pub(in crate::web) async fn take_back(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    change(&app, &caller, &fields, teaching::take_back).await
}

async fn change(
    app: &App,
    caller: &Caller,
    fields: &Fields,
    what: fn(&mut Change<'_>, &Protocol, Option<&str>) -> Result<usize, Refusal>,
) -> Result<Redirect, Refusal> {
    let code = fields.text("code").to_ascii_uppercase();
    let code = (fields.text("all") != "yes").then_some(code);
    if code.as_ref().is_some_and(String::is_empty) {
        return Err(Refusal::malformed("Give the code of a pair."));
    }
    let room = app.room.clone();
    let done = app.room.store.write(Actor::Person(caller.person.id), move |change| {
        what(change, &room.protocol, code.as_deref())
    });
    done.await?;
    Ok(Redirect::to("/teaching"))
}
