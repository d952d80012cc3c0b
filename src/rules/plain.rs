//! What others wrote, as it may stand before a person: one short line that steers nothing.

use std::fmt::Display;

/// The longest a buyer's text may be, in characters.
pub const BUYER_TEXT_CHARS: usize = 200;

/// So many of them: `1 license`, `2 licenses`.
#[must_use]
pub fn counted<N: Display + PartialEq + From<u8>>(count: N, one: &str, many: &str) -> String {
    let word = if count == N::from(1) { one } else { many };
    format!("{count} {word}")
}

/// One line of at most `chars_max` characters: controls and runs of white space become one space,
/// and what turns the writing direction or is not seen is left out. Longer text ends in `…`.
#[must_use]
pub fn one_line(text: &str, chars_max: usize) -> String {
    let mut line = String::new();
    let mut chars = 0;
    let mut gap = false;
    for c in text.chars().filter(|c| !is_unseen(*c)) {
        if c.is_control() || c.is_whitespace() {
            gap = !line.is_empty();
            continue;
        }
        if chars + usize::from(gap) >= chars_max {
            line.push('…');
            break;
        }
        if gap {
            line.push(' ');
        }
        line.push(c);
        chars += 1 + usize::from(gap);
        gap = false;
    }
    line
}

/// A buyer's own words, for a letter: [`one_line`], and nothing in it that a mail program would
/// make a link of. Anybody can buy with a stranger's address and a name that is an advertisement.
/// `None` where nothing is left.
#[must_use]
pub fn buyer_text(text: &str) -> Option<String> {
    let line = one_line(text, BUYER_TEXT_CHARS);
    let mut safe = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        safe.push(c);
        let after = chars.peek().copied().unwrap_or(' ');
        if joins_link(before, c, after) {
            safe.push(' ');
        }
        before = c;
    }
    Some(safe).filter(|text| !text.is_empty())
}

/// `evil.example`, `http:`, `//host`: what a link cannot do without.
fn joins_link(before: char, c: char, after: char) -> bool {
    match c {
        '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' => {
            before.is_alphanumeric() && after.is_alphabetic()
        }
        ':' => before.is_alphanumeric() && !after.is_whitespace(),
        '/' => after == '/',
        _ => false,
    }
}

/// Marks that are not seen but change what is: directions, separators, fillers, tags. The joiners
/// (U+200C, U+200D) stay: names are written with them.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{00ad}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}'
            | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_names_stay_as_they_are() {
        for name in
            ["Ada Lovelace", "José Ñuñez", "Dr. O’Neil-Smith, Jr.", "株式会社 例", "نیم‌فاصله"]
        {
            assert_eq!(buyer_text(name).as_deref(), Some(name));
        }
        assert_eq!(buyer_text("Web 2.0 GmbH").as_deref(), Some("Web 2.0 GmbH"));
    }

    #[test]
    fn lines_controls_and_turned_directions_are_gone() {
        let hostile =
            "\u{202e}Eve\r\nBcc: all@example.com\u{0}\u{1b}[31m \t red\u{2028}end\u{feff}";
        assert_eq!(one_line(hostile, 200), "Eve Bcc: all@example.com [31m red end");
    }

    #[test]
    fn nothing_in_a_name_is_a_link() {
        assert_eq!(
            buyer_text("Win at https://evil.example/x or www.evil.example").as_deref(),
            Some("Win at https: / /evil. example/x or www. evil. example")
        );
        assert_eq!(buyer_text("mailto:a@b").as_deref(), Some("mailto: a@b"));
    }

    #[test]
    fn a_long_name_is_cut_and_an_empty_one_is_none() {
        let long = buyer_text(&"x".repeat(10_240)).unwrap();
        assert_eq!(long, format!("{}…", "x".repeat(BUYER_TEXT_CHARS)));
        assert_eq!(one_line("ab cd", 3), "ab…");
        assert_eq!(one_line("ab cd", 4), "ab c…");
        assert_eq!(one_line("ab cd", 5), "ab cd");
        assert_eq!(buyer_text("\u{200b} \r\n"), None);
    }
}
