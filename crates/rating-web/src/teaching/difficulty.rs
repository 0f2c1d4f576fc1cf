//! How difficult a case is: by what its readers made of it at first.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::consensus::{Verdict, Way};
use crate::readings::Stage;

/// How difficult a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Difficulty {
    /// All first readings agreed.
    Easy,
    /// Settled in consensus, from first readings at most one grade apart.
    Middling,
    /// A senior reader decided, first readings were two or more grades apart, or
    /// somebody could not grade it.
    Hard,
}

impl Difficulty {
    /// All of them.
    pub const ALL: [Difficulty; 3] = [Difficulty::Easy, Difficulty::Middling, Difficulty::Hard];

    /// The word of the database, of addresses and of people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Difficulty::Easy => "easy",
            Difficulty::Middling => "middling",
            Difficulty::Hard => "hard",
        }
    }

    /// What it means, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Difficulty::Easy => "all readers agreed at once",
            Difficulty::Middling => {
                "readers were at most one grade apart at first and settled it in consensus"
            }
            Difficulty::Hard => {
                "a senior reader decided, readers were two or more grades apart at first, \
                 or somebody could not grade it"
            }
        }
    }

    /// How difficult a pair is that was settled in this way. One that a single
    /// reader read is easy: nobody disagreed.
    #[must_use]
    pub fn of(way: &Way) -> Difficulty {
        if way.by == Stage::Adjudication || way.first.contains(&Verdict::CannotGrade) {
            return Difficulty::Hard;
        }
        match (most_apart(&way.first), way.by) {
            (0 | 1, Stage::First) => Difficulty::Easy,
            (0 | 1, _) => Difficulty::Middling,
            _ => Difficulty::Hard,
        }
    }
}

/// The most that two readings lie apart on any measurement.
fn most_apart(first: &[Verdict]) -> u8 {
    let grades = |verdict: &Verdict| match verdict {
        Verdict::Grades(grades) => grades.clone(),
        Verdict::CannotGrade => Vec::new(),
    };
    let mut most = 0;
    for (at, one) in first.iter().enumerate() {
        for other in &first[at + 1..] {
            let apart = grades(one).into_iter().zip(grades(other)).map(|(a, b)| a.abs_diff(b));
            most = most.max(apart.max().unwrap_or_default());
        }
    }
    most
}

/// What a learner asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Whatever is due; how difficult it is is told after the answer.
    Due,
    /// Cases of this difficulty only.
    Only(Difficulty),
}

impl Level {
    /// All of them.
    pub const ALL: [Level; 4] = [
        Level::Due,
        Level::Only(Difficulty::Easy),
        Level::Only(Difficulty::Middling),
        Level::Only(Difficulty::Hard),
    ];

    /// The word of the database and of addresses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Level::Due => "due",
            Level::Only(difficulty) => difficulty.word(),
        }
    }

    /// The level of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.word() == word)
    }

    /// Whether a case of this difficulty is asked for.
    #[must_use]
    pub fn takes(self, difficulty: Difficulty) -> bool {
        self == Level::Due || self == Level::Only(difficulty)
    }
}

impl ToSql for Level {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for Level {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Level> {
        Level::of(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difficulty(by: Stage, first: &[Option<[u8; 2]>]) -> Difficulty {
        let verdict = |grades: &Option<[u8; 2]>| match grades {
            Some(grades) => Verdict::Grades(grades.to_vec()),
            None => Verdict::CannotGrade,
        };
        let first = first.iter().map(verdict).collect();
        Difficulty::of(&Way { by, verdict: Verdict::Grades(vec![2, 1]), first })
    }

    #[test]
    fn difficulty_follows_from_the_first_readings() {
        use Difficulty::{Easy, Hard, Middling};
        use Stage::{Adjudication, Consensus, First};
        let (a, b, far) = (Some([2, 1]), Some([3, 1]), Some([2, 3]));
        assert_eq!(difficulty(First, &[a, a, a]), Easy);
        assert_eq!(difficulty(First, &[a]), Easy);
        assert_eq!(difficulty(Consensus, &[a, a, b]), Middling);
        // Two grades apart on the second measurement alone.
        assert_eq!(difficulty(Consensus, &[a, far]), Hard);
        assert_eq!(difficulty(Consensus, &[a, None]), Hard);
        assert_eq!(difficulty(Adjudication, &[a, b]), Hard);
    }

    #[test]
    fn levels_have_words_and_take_their_cases() {
        for level in Level::ALL {
            assert_eq!(Level::of(level.word()), Some(level));
            assert!(level != Level::Due || Difficulty::ALL.into_iter().all(|one| level.takes(one)));
        }
        assert!(!Level::Only(Difficulty::Easy).takes(Difficulty::Hard));
        assert_eq!(Level::of("harder"), None);
    }
}
