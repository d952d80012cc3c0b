//! What others wrote, on a page: nothing of it becomes markup, nothing of it steers how the rest
//! reads, and nothing of it is hidden.

use std::borrow::Cow;
use std::fmt::Write as _;

use minijinja::{Error, Output, State, Value, escape_formatter};

use crate::rules::plain::is_unseen;

/// Writes every value of every page: escaped, and with what is not seen made visible.
pub(super) fn write(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    match value.as_str().map(visible) {
        // What a template wrote itself (a time, a macro) holds nothing of others that was not
        // written by this function already.
        Some(Cow::Owned(text)) if !value.is_safe() => {
            escape_formatter(out, state, &Value::from(text))
        }
        _ => escape_formatter(out, state, value),
    }
}

/// The text with its control characters and marks that are not seen (those that turn the writing
/// direction above all) as escapes: `\u{202e}`. Lines and tabs stay.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            // A text takes everything that is written to it.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

fn is_hidden(c: char) -> bool {
    let is_layout = matches!(c, '\n' | '\t');
    (c.is_control() && !is_layout) || is_unseen(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use minijinja::{Environment, context};

    use super::*;

    #[test]
    fn what_steers_or_hides_stands_as_an_escape() {
        assert_eq!(visible("a\u{0}b\u{1b}[31m\u{7f}"), "a\\u{0}b\\u{1b}[31m\\u{7f}");
        assert_eq!(visible("\u{85}\u{9b}"), "\\u{85}\\u{9b}");
        assert_eq!(visible("abc\u{202e}fdp.exe"), "abc\\u{202e}fdp.exe");
        assert_eq!(visible("\u{2066}x\u{2069}\u{200b}"), "\\u{2066}x\\u{2069}\\u{200b}");
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in ["Ada\n\tLovelace", "José Ñuñez", "株式会社 例", "نیم‌فاصله", "1\u{202f}000"]
        {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn a_page_shows_it_as_text() {
        let mut environment = Environment::new();
        environment.set_formatter(write);
        environment.add_template("a.html", "<b title=\"{{ text }}\">{{ text }}</b>").unwrap();
        let page = environment.get_template("a.html").unwrap();
        let shown = page.render(context! { text => "<script>\"\u{202e}" }).unwrap();
        let text = "&lt;script&gt;&quot;\\u{202e}";
        assert_eq!(shown, format!("<b title=\"{text}\">{text}</b>"));
    }
}
