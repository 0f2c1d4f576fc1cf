//! Locked readings one after another, for programs.

use rusqlite::{Connection, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Reading, Standing, disclosure};
use crate::clock::Moment;
use crate::people::{self, Ability, Person};
use crate::refusal::Refusal;

/// A locked reading and what it is about, as far as a person may know.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ListedReading {
    /// What readers see instead of the pair's name.
    pub code: String,
    /// The pair's name in manifests; none for those who read blind.
    pub pair_id: Option<String>,
    /// Who read it.
    pub reader: String,
    /// The reading.
    #[serde(flatten)]
    pub reading: Reading,
}

/// Locked readings with numbers above `after`, at most so many, in the order
/// they were begun: those of everybody for coordinators, the own ones else. With
/// them the number to go on after, unless these are the last.
///
/// # Errors
/// A database that cannot be read.
pub fn listing(
    db: &Connection,
    person: &Person,
    after: i64,
    most: usize,
    now: Moment,
) -> Result<(Vec<ListedReading>, Option<i64>), Refusal> {
    let sees_all = person.role.may(Ability::Coordinate);
    let own = (!sees_all).then_some(person.id);
    let columns = super::COLUMNS.split(", ").map(|name| format!("readings.{name}"));
    let sql = format!(
        "SELECT {}, code, name FROM readings JOIN pairs ON pairs.id = readings.pair
         WHERE readings.id > ?1 AND (?2 IS NULL OR reader = ?2) AND locked IS NOT NULL
         AND removed IS NULL ORDER BY readings.id LIMIT ?3",
        columns.collect::<Vec<_>>().join(", ")
    );
    let mut statement = db.prepare_cached(&sql)?;
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![after, own, limit])?;
    let (mut listed, mut looked_at, mut last) = (Vec::new(), 0, after);
    while let Some(row) = rows.next()? {
        let reading = super::reading(row)?;
        (looked_at, last) = (looked_at + 1, reading.id);
        let told = disclosure(person, &Standing::of(db, person, reading.pair)?, now);
        let may_know =
            if reading.reader == person.id { told.images } else { told.readings_of_others };
        if !may_know {
            continue;
        }
        let name: String = row.get(13)?;
        let reader = people::one(db, reading.reader)?.name;
        let pair_id = told.identity.then_some(name);
        listed.push(ListedReading { code: row.get(12)?, pair_id, reader, reading });
    }
    Ok((listed, (looked_at == most).then_some(last)))
}
