//! Markdown that says what it was told, whatever is in a name.

/// Text for a cell or a line: what Markdown or HTML would take for a sign is
/// written so that it reads as it stands, line breaks become spaces.
pub(crate) fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '|' | '\\' | '*' | '_' | '[' | ']' | '`' | '#' | '~' | '$' => {
                safe.push('\\');
                safe.push(sign);
            }
            sign if sign.is_control() => safe.push(' '),
            sign => safe.push(sign),
        }
    }
    safe
}

/// A table; every cell goes through [`plain`].
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head.iter().map(|cell| plain(cell)).collect());
    text += &line(vec!["---".to_owned(); head.len()]);
    for row in rows {
        text += &line(row.iter().map(|cell| plain(cell)).collect());
    }
    text
}

/// What nobody but the authors knows, as a list of questions.
pub(crate) fn to_fill_in(questions: &[&str]) -> String {
    questions.iter().map(|question| format!("- {question}: *for you to fill in*\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_as_they_stand() {
        assert_eq!(plain("a|b\n<c> [d](e)"), "a\\|b &lt;c&gt; \\[d\\](e)");
        let rows = [vec!["x|y".to_owned(), "1".to_owned()]];
        assert_eq!(table(&["name", "n"], &rows), "| name | n |\n| --- | --- |\n| x\\|y | 1 |\n");
    }
}
