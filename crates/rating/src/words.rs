//! Numbers with the word for what they count, for people.

use std::fmt::Display;

/// The word for so many: `one` for exactly 1, `many` for any other number.
#[must_use]
pub fn word<'a, N: PartialEq + From<u8>>(count: N, one: &'a str, many: &'a str) -> &'a str {
    if count == N::from(1) { one } else { many }
}

/// The number and the word for so many: `1 pair`, `0 pairs`, `24 pairs`.
#[must_use]
pub fn counted<N: Display + PartialEq + From<u8>>(count: N, one: &str, many: &str) -> String {
    let number = count.to_string();
    format!("{number} {}", word(count, one, many))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_everything_else_is_many() {
        let pairs = |count: usize| counted(count, "pair", "pairs");
        assert_eq!([pairs(0), pairs(1), pairs(2)], ["0 pairs", "1 pair", "2 pairs"]);
        assert_eq!([word(1_i64, "is", "are"), word(11_i64, "is", "are")], ["is", "are"]);
    }
}
