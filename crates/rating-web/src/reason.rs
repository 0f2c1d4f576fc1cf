//! The reason that a coordinator gives, which stays in the journal.

use crate::refusal::Refusal;

/// Characters of the longest.
pub(crate) const LONGEST: usize = 1000;

/// The reason without blanks at its ends.
///
/// # Errors
/// None, or an endless one.
pub(crate) fn given(why: &str) -> Result<&str, Refusal> {
    let why = why.trim();
    if why.is_empty() || why.chars().count() > LONGEST {
        let what = format!("Say why, in at most {LONGEST} characters: it stays in the journal.");
        return Err(Refusal::unfit(what));
    }
    Ok(why)
}
