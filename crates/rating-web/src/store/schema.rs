//! The tables, as numbered steps. A step that was ever released stays as it is;
//! changes are new steps.

use rusqlite::{Connection, TransactionBehavior};

use crate::refusal::Refusal;

/// Marks a file as ours: "RATE".
const APPLICATION: i32 = 0x5241_5445;

const STEPS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
];

/// Brings a database up to date.
pub(super) fn migrate(db: &mut Connection) -> Result<(), Refusal> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number = |name: &str| -> Result<i32, Refusal> {
        Ok(transaction.pragma_query_value(None, name, |row| row.get(0))?)
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    let is_new = application == 0 && version == 0;
    if !is_new && application != APPLICATION {
        return Err(not_ours());
    }
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    let steps = STEPS.get(done..).ok_or_else(|| {
        let what = format!(
            "This database was written by a newer version (step {version}): open it with that \
             version of rating, or open a backup made before."
        );
        Refusal::unfit(what)
    })?;
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", STEPS.len() as i64)?;
    Ok(transaction.commit()?)
}

/// A file that something else wrote.
pub(super) fn not_ours() -> Refusal {
    Refusal::unfit(
        "The file room.sqlite is not a database of a reading room: name another folder, or bring it back \
         from a backup.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_of_others_and_of_the_future_are_refused() {
        let mut other = Connection::open_in_memory().unwrap();
        other.pragma_update(None, "application_id", 7).unwrap();
        assert!(migrate(&mut other).unwrap_err().what.contains("not a database"));
        let mut newer = Connection::open_in_memory().unwrap();
        migrate(&mut newer).unwrap();
        migrate(&mut newer).unwrap();
        newer.pragma_update(None, "user_version", 99).unwrap();
        assert!(migrate(&mut newer).unwrap_err().what.contains("newer version"));
    }
}
