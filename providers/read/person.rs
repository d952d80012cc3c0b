//! What providers tell of a person, in the form in which [`crate::notice::Customer`] has it.

use super::filled;

/// First and last name as one; either may be missing.
#[must_use]
pub fn full_name(first: Option<&str>, last: Option<&str>) -> Option<String> {
    let parts: Vec<String> = [first, last].into_iter().filter_map(filled).collect();
    filled(Some(&parts.join(" ")))
}

/// ISO 3166-1 alpha-2, in upper case; `None` for what is none (a country's name, often).
#[must_use]
pub fn country(code: Option<&str>) -> Option<String> {
    let code = code.map(str::trim)?;
    let letters = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    letters.then(|| code.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_there_is_of_it() {
        assert_eq!(full_name(Some(" Ada "), Some("Example")).as_deref(), Some("Ada Example"));
        assert_eq!(full_name(None, Some("Example")).as_deref(), Some("Example"));
        assert_eq!(full_name(Some(" "), None), None);
    }

    #[test]
    fn a_country_is_two_letters() {
        assert_eq!(country(Some("de ")).as_deref(), Some("DE"));
        for none in [None, Some(""), Some("D"), Some("DEU"), Some("Germany"), Some("\u{e4}")] {
            assert_eq!(country(none), None, "{none:?}");
        }
    }
}
