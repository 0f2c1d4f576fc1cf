//! Opening a study: from now on its protocol, order and answers are fixed.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::study::{Alteration, Schedule, Shows, StudyProtocol};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;

use super::sealed::fixed;
use crate::answers::Scored;
use crate::clock::Moment;
use crate::people::{self, Ability};
use crate::refusal::Refusal;
use crate::store::Change;
use crate::{pairs, teaching};

/// A study to be opened.
#[derive(Debug, Clone)]
pub struct Opening {
    /// What was registered.
    pub protocol: StudyProtocol,
    /// What is read.
    pub cases: Vec<NewCase>,
    /// The account of each reader of the protocol, in its order.
    pub readers: Vec<i64>,
    /// The bundle that answered.
    pub bundle: Option<String>,
}

/// A case of a study.
#[derive(Debug, Clone)]
pub struct NewCase {
    /// Which pair of the room.
    pub pair: i64,
    /// What the system says about it; none in a study without answers.
    pub answer: Option<FrozenAnswer>,
}

/// What the system says about a case, fixed when the study is opened.
#[derive(Debug, Clone)]
pub struct FrozenAnswer {
    /// Grades and votes.
    pub scored: Scored,
    /// Position of a modality, and its heatmap as a PNG file of the ROI's size.
    pub maps: Vec<(usize, Vec<u8>)>,
}

/// Until when nobody is told anything about the pairs of an open study: the end
/// of the year 9999.
const UNTIL_CLOSED: Moment = Moment::at(253_402_300_799_999);

/// Opens a study. Its pairs are embargoed until it is closed. Returns its number.
///
/// # Errors
/// A name that is taken; no case; a pair twice or without an ROI on each image;
/// not one account that reads for each reader; a reader who has met a case in the
/// room or in a lesson; an arm that shows what there is not.
pub fn open(change: &mut Change<'_>, opening: &Opening) -> Result<i64, Refusal> {
    let Opening { protocol, cases, readers, bundle } = opening;
    let pairs: Vec<i64> = cases.iter().map(|case| case.pair).collect();
    check(change, opening, &pairs)?;
    let (text, hash) = (protocol.to_toml(), protocol.hash());
    change.execute(
        "INSERT INTO studies (name, protocol, hash, bundle, opened) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![protocol.name, text, hash, bundle, change.now],
    )?;
    let study = change.last_insert_rowid();
    for (number, case) in cases.iter().enumerate() {
        keep_case(change, study, number, case)?;
    }
    for (number, person) in readers.iter().enumerate() {
        let sql = "INSERT INTO study_readers (study, number, person) VALUES (?1, ?2, ?3)";
        change.execute(sql, params![study, number as i64, person])?;
    }
    for &person in readers {
        take_back(change, person, &pairs)?;
    }
    let schedule =
        Schedule::draw(protocol, cases.len(), |seed| ChaCha8Rng::from_seed(seed.bytes()));
    keep_schedule(change, study, &schedule)?;
    let after = json!({
        "name": protocol.name, "protocol": text, "hash": hash, "bundle": bundle,
        "pairs": pairs, "people": readers, "fixed": fixed(change, study)?,
    });
    change.tell("study.opened", &format!("study {study}"), (), after)?;
    Ok(study)
}

/// Pairs that a reader has begun to read in the room or in a study, or seen an answer
/// about; and pairs that share an image with one of them.
fn met(db: &Connection, reader: i64) -> Result<BTreeSet<i64>, Refusal> {
    let sql = "WITH met (pair) AS (
            SELECT pair FROM readings WHERE reader = ?1
            UNION SELECT pair FROM reveals WHERE person = ?1
            UNION SELECT cases.pair FROM study_readers readers
                JOIN study_sessions sessions
                    ON sessions.study = readers.study AND sessions.reader = readers.number
                JOIN study_items items ON items.session = sessions.id
                JOIN study_answers ON study_answers.item = items.id
                JOIN study_cases cases
                    ON cases.study = readers.study AND cases.number = items.number
                WHERE readers.person = ?1)
        SELECT pair FROM met UNION SELECT twin.pair FROM met
            JOIN views mine ON mine.pair = met.pair
            JOIN views twin ON twin.source IN (mine.source, mine.image)
                OR twin.image IN (mine.source, mine.image)";
    let mut statement = db.prepare_cached(sql)?;
    let found = statement.query_map([reader], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Cases that wait for a reader in the room are read in the study only.
fn take_back(change: &mut Change<'_>, reader: i64, cases: &[i64]) -> Result<(), Refusal> {
    let assigned: BTreeSet<i64> = change
        .prepare_cached("SELECT pair FROM assignments WHERE reader = ?1")?
        .query_map([reader], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for pair in cases.iter().filter(|pair| assigned.contains(pair)) {
        pairs::take_back(change, reader, Some(*pair))?;
    }
    Ok(())
}

/// Whether these accounts can read these pairs in a study that is to be opened:
/// what can be known before there are answers.
///
/// # Errors
/// As [`open`], but for the answers.
pub fn may_open(
    db: &Connection,
    protocol: &StudyProtocol,
    pairs: &[i64],
    readers: &[i64],
) -> Result<(), Refusal> {
    if pairs.is_empty() {
        return Err(Refusal::unfit("A study needs a case."));
    }
    check_readers(db, protocol, readers)?;
    for &reader in readers {
        check_reader(db, reader, pairs)?;
    }
    pairs.iter().try_for_each(|&pair| check_case(db, pair))
}

/// Whether the name is free and each reader has an account that reads: what can be
/// known before there are cases.
///
/// # Errors
/// A name that is taken; not one account that reads for each reader.
pub fn check_readers(
    db: &Connection,
    protocol: &StudyProtocol,
    readers: &[i64],
) -> Result<(), Refusal> {
    let sql = "SELECT EXISTS (SELECT 1 FROM studies WHERE name = ?1)";
    if db.query_row(sql, [&protocol.name], |row| row.get(0))? {
        let what = format!("There is a study called {} already.", protocol.name);
        return Err(Refusal::unfit(what));
    }
    let wanted = protocol.readers.len();
    if readers.len() != wanted {
        let given = readers.len();
        let what = format!(
            "The protocol names {wanted} readers: give an account for each ({given} given)."
        );
        return Err(Refusal::unfit(what));
    }
    let mut seen = BTreeSet::new();
    for &reader in readers {
        let person = people::one(db, reader)?;
        if !person.role.may(Ability::Read) {
            let what = format!("{} does not read: choose the account of a reader.", person.name);
            return Err(Refusal::unfit(what));
        }
        if !seen.insert(reader) {
            return Err(Refusal::unfit(format!("{} would read twice.", person.name)));
        }
    }
    Ok(())
}

/// Whether a reader meets the cases for the first time in the study.
fn check_reader(db: &Connection, reader: i64, pairs: &[i64]) -> Result<(), Refusal> {
    let name = people::one(db, reader)?.name;
    let met = met(db, reader)?;
    let known = pairs.iter().filter(|pair| met.contains(pair)).count();
    if known > 0 {
        let what = format!(
            "{name} has read {known} of the cases in this room or a study of it, or seen the system's answer about them: choose another reader or other cases."
        );
        return Err(Refusal::unfit(what));
    }
    let told = teaching::told_of(db, reader)?;
    let learned = pairs.iter().filter(|pair| told.contains(pair)).count();
    if learned > 0 {
        let what = format!(
            "{name} has learned on {learned} of the cases and knows their truth: choose another reader or other cases."
        );
        return Err(Refusal::unfit(what));
    }
    Ok(())
}

/// Whether a pair can be read in a study.
fn check_case(db: &Connection, pair: i64) -> Result<(), Refusal> {
    let sql = "SELECT studies.name FROM study_cases JOIN studies ON studies.id = study
               WHERE pair = ?1 AND closed IS NULL";
    let other: Option<String> =
        db.prepare_cached(sql)?.query_row([pair], |row| row.get(0)).optional()?;
    if let Some(other) = other {
        let what = format!("Pair {} is read in study {other}, which is open.", name_of(db, pair)?);
        return Err(Refusal::unfit(what));
    }
    let sql = "SELECT count(*) > 0 AND count(*) = count(roi) FROM views WHERE pair = ?1";
    if !db.prepare_cached(sql)?.query_row([pair], |row| row.get::<_, bool>(0))? {
        let what = format!("Pair {} has no ROI on each image.", name_of(db, pair)?);
        return Err(Refusal::unfit(what));
    }
    Ok(())
}

fn name_of(db: &Connection, pair: i64) -> Result<String, Refusal> {
    let sql = "SELECT name FROM pairs WHERE id = ?1";
    Ok(db.prepare_cached(sql)?.query_row([pair], |row| row.get(0))?)
}

fn check(db: &Connection, opening: &Opening, pairs: &[i64]) -> Result<(), Refusal> {
    let Opening { protocol, cases, readers, .. } = opening;
    may_open(db, protocol, pairs, readers)?;
    let shows = protocol.arms.iter().map(|arm| arm.shows).max().unwrap_or(Shows::Nothing);
    for case in cases {
        let enough = match (shows, &case.answer) {
            (Shows::Nothing, _) => true,
            (_, None) => false,
            (Shows::Grades, Some(_)) => true,
            (Shows::GradesAndHeatmap, Some(answer)) => !answer.maps.is_empty(),
        };
        if !enough {
            let what =
                format!("Pair {} lacks the answer that an arm shows.", name_of(db, case.pair)?);
            return Err(Refusal::unfit(what));
        }
    }
    Ok(())
}

fn keep_case(
    change: &Change<'_>,
    study: i64,
    number: usize,
    case: &NewCase,
) -> Result<(), Refusal> {
    let answer = case.answer.as_ref().map(|answer| serde_json::to_string(&answer.scored));
    change
        .prepare_cached(
            "INSERT INTO study_cases (study, number, pair, answer, embargo)
             SELECT ?1, ?2, id, ?4, embargo FROM pairs WHERE id = ?3 AND removed IS NULL",
        )?
        .execute(params![study, number as i64, case.pair, answer.transpose()?])?;
    for (modality, png) in case.answer.iter().flat_map(|answer| &answer.maps) {
        change
            .prepare_cached(
                "INSERT INTO study_maps (study, number, modality, png) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![study, number as i64, *modality as i64, png])?;
    }
    let sql = "UPDATE pairs SET embargo = ?2 WHERE id = ?1 AND removed IS NULL";
    let found = change.prepare_cached(sql)?.execute(params![case.pair, UNTIL_CLOSED])?;
    if found == 0 { Err(Refusal::unknown("There is no such pair.")) } else { Ok(()) }
}

fn keep_schedule(change: &Change<'_>, study: i64, schedule: &Schedule) -> Result<(), Refusal> {
    let sql = "INSERT INTO study_sessions (study, reader, number, arm, total) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut session_line = change.prepare(sql)?;
    let sql = "INSERT INTO study_items (session, position, number, is_repeat, altered)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut item_line = change.prepare(sql)?;
    for session in &schedule.sessions {
        let total = session.readings.len();
        let [reader, number, arm, total] =
            [session.reader, session.number, session.arm, total].map(|value| value as i64);
        session_line.execute([study, reader, number, arm, total])?;
        let id = change.last_insert_rowid();
        for (position, reading) in session.readings.iter().enumerate() {
            let altered = reading.altered.map(|how| match how {
                Alteration::Up => "up",
                Alteration::Down => "down",
            });
            item_line.execute(params![
                id,
                position as i64,
                reading.case as i64,
                reading.is_repeat,
                altered
            ])?;
        }
    }
    Ok(())
}
