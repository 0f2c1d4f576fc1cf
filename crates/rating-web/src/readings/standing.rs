//! Who may be told what about a pair. Everything that leaves the server about a
//! pair passes [`disclosure`].

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Moment;
use crate::consensus::{self, Counted};
use crate::pairs::{Hash, TWINS};
use crate::people::{Ability, Person};
use crate::refusal::Refusal;
use crate::settings::{self, Reveal};
use crate::{studies, teaching};

/// Where a person stands with a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// It was handed to the person to read.
    pub is_assigned: bool,
    /// The person has locked a reading of it.
    pub has_locked: bool,
    /// The person has begun a reading and not locked it.
    pub has_draft: bool,
    /// Everybody it was handed to has locked the first reading.
    pub all_have_locked: bool,
    /// Until then nobody is given the system's answer.
    pub embargo: Option<Moment>,
    /// In this room readers wait for the answer until the pair is settled, and
    /// it is not yet.
    pub waits_for_settlement: bool,
    /// What others said would spoil it for the person: it is a case of an open
    /// study that the person reads in, or one to learn on that the person has
    /// not answered yet.
    pub is_kept_blind: bool,
}

/// What a person may be told about a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Disclosure {
    /// The images.
    pub images: bool,
    /// Whose joint it is, names of files, what the manifest says, reference grades.
    pub identity: bool,
    /// What others said about it.
    pub readings_of_others: bool,
    /// The system's grades, votes, probabilities and heatmaps.
    pub answer: bool,
}

impl Standing {
    /// Where this person stands with this pair.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn of(db: &Connection, person: &Person, pair: i64) -> Result<Standing, Refusal> {
        let sql = "SELECT
            EXISTS (SELECT 1 FROM assignments WHERE reader = ?2 AND pair = ?1),
            EXISTS (SELECT 1 FROM readings WHERE pair = ?1 AND reader = ?2 AND locked IS NOT NULL),
            EXISTS (SELECT 1 FROM readings WHERE pair = ?1 AND reader = ?2 AND locked IS NULL
                -- A draft of a pair that was taken back is never locked.
                AND (stage <> 'first' OR EXISTS (
                    SELECT 1 FROM assignments WHERE reader = ?2 AND pair = ?1))),
            EXISTS (SELECT 1 FROM assignments WHERE pair = ?1)
            AND NOT EXISTS (SELECT 1 FROM assignments a WHERE a.pair = ?1 AND NOT EXISTS (
                SELECT 1 FROM readings r WHERE r.pair = ?1 AND r.reader = a.reader
                AND r.stage = 'first' AND r.locked IS NOT NULL))";
        let (is_assigned, has_locked, has_draft, all_have_locked) =
            db.prepare_cached(sql)?.query_row(params![pair, person.id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?;
        let sql = format!("SELECT max(embargo) FROM pairs WHERE id IN ({TWINS})");
        let embargo = db.prepare_cached(&sql)?.query_row([pair], |row| row.get(0))?;
        let waits_for_settlement = settings::reveal(db)? == Reveal::AfterSettled
            && !matches!(
                consensus::of_pair(db, pair, Counted::default())?,
                consensus::State::Settled(_)
            );
        let is_kept_blind =
            studies::is_read_by(db, person.id, pair)? || teaching::awaits(db, person.id, pair)?;
        Ok(Standing {
            is_assigned,
            has_locked,
            has_draft,
            all_have_locked,
            embargo,
            waits_for_settlement,
            is_kept_blind,
        })
    }
}

/// Until when no answer may be given about these pixels, as handed in or as
/// shown; `None` where there is no embargo on them.
///
/// # Errors
/// A database that cannot be read.
pub fn embargo_on(db: &Connection, pixels: &Hash) -> Result<Option<Moment>, Refusal> {
    let sql = "SELECT max(embargo) FROM pairs JOIN views ON views.pair = pairs.id
               WHERE source = ?1 OR image = ?1";
    let until = db.prepare_cached(sql)?.query_row([pixels], |row| row.get(0)).optional()?;
    Ok(until.flatten())
}

/// What a person may be told about a pair now.
#[must_use]
pub fn disclosure(person: &Person, standing: &Standing, now: Moment) -> Disclosure {
    let embargoed = standing.embargo.is_some_and(|until| until > now);
    if person.role.may(Ability::Coordinate) {
        return Disclosure {
            images: true,
            identity: true,
            readings_of_others: true,
            answer: !embargoed,
        };
    }
    let adjudicates = person.role.may(Ability::Adjudicate) && standing.all_have_locked;
    let is_theirs = standing.is_assigned || adjudicates;
    Disclosure {
        images: is_theirs,
        identity: false,
        readings_of_others: !standing.is_kept_blind
            && (adjudicates || (standing.has_locked && standing.all_have_locked)),
        // The own grade comes first, the system's after it.
        answer: standing.has_locked
            && !standing.has_draft
            && !standing.waits_for_settlement
            && !embargoed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Role;

    const NOW: Moment = MOMENTS[1];
    const MOMENTS: [Moment; 3] = [Moment::at(0), Moment::at(10), Moment::at(20)];

    fn person(role: Role) -> Person {
        let name = role.word().to_owned();
        Person { id: 1, name, role, active: true, joined: true, locked_until: None }
    }

    /// Every standing there is.
    fn standings() -> Vec<Standing> {
        let embargoes = [None, Some(MOMENTS[0]), Some(MOMENTS[2])];
        let bits = |number: usize, bit: usize| number >> bit & 1 == 1;
        (0..64)
            .flat_map(|n| {
                embargoes.map(|embargo| Standing {
                    is_assigned: bits(n, 0),
                    has_locked: bits(n, 1),
                    has_draft: bits(n, 2),
                    all_have_locked: bits(n, 3),
                    embargo,
                    waits_for_settlement: bits(n, 4),
                    is_kept_blind: bits(n, 5),
                })
            })
            .collect()
    }

    #[test]
    fn nobody_who_reads_gets_an_answer_before_the_own_grade_is_locked() {
        for standing in standings() {
            for role in [Role::Reader, Role::Senior] {
                let told = disclosure(&person(role), &standing, NOW);
                assert!(!told.identity);
                assert!(!told.answer || (standing.has_locked && !standing.has_draft));
            }
        }
    }

    #[test]
    fn an_embargo_holds_for_everybody() {
        for standing in standings() {
            for role in Role::ALL {
                let told = disclosure(&person(role), &standing, NOW);
                assert!(!(told.answer && standing.embargo == Some(MOMENTS[2])));
            }
        }
    }

    #[test]
    fn where_answers_wait_for_settlement_no_reader_gets_one_before() {
        for standing in standings() {
            for role in [Role::Reader, Role::Senior] {
                let told = disclosure(&person(role), &standing, NOW);
                assert!(!(told.answer && standing.waits_for_settlement));
            }
        }
    }

    #[test]
    fn readers_see_one_another_only_when_all_have_locked() {
        for standing in standings() {
            let reader = disclosure(&person(Role::Reader), &standing, NOW);
            let may_know = !standing.is_kept_blind && standing.all_have_locked;
            assert_eq!(reader.readings_of_others, standing.has_locked && may_know);
            let senior = disclosure(&person(Role::Senior), &standing, NOW);
            assert_eq!(senior.readings_of_others, may_know);
        }
    }
}
