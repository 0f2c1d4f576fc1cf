//! What kind of work a person does here, and what it takes.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The role of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads pairs.
    Reader,
    /// Reads pairs, and decides where readers do not agree.
    Senior,
    /// Brings pairs in, hands them out, watches, exports.
    Coordinator,
    /// Everything a coordinator does, and looks after accounts.
    Admin,
}

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ability {
    /// Read and grade pairs.
    Read,
    /// Decide where readers do not agree.
    Adjudicate,
    /// Bring pairs in, hand them out, see who is how far, export.
    Coordinate,
    /// Make and lock accounts, see the journal.
    Administer,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Role::Reader, Role::Senior, Role::Coordinator, Role::Admin];

    /// Whether it takes this.
    ///
    /// Those who see identities and the progress of others do not read: their
    /// grades would not be blind.
    #[must_use]
    pub fn may(self, ability: Ability) -> bool {
        match ability {
            Ability::Read => matches!(self, Role::Reader | Role::Senior),
            Ability::Adjudicate => self == Role::Senior,
            Ability::Coordinate => matches!(self, Role::Coordinator | Role::Admin),
            Ability::Administer => self == Role::Admin,
        }
    }

    /// The word used in the database, the API and forms.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Senior => "senior",
            Role::Coordinator => "coordinator",
            Role::Admin => "admin",
        }
    }

    /// The role of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }
}

impl ToSql for Role {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for Role {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Role> {
        Role::of(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}
