//! What providers tell of a customer, in the forms of [`Customer`](crate::notice::Customer).

use super::filled;

/// Given and family name as one.
#[must_use]
pub fn full_name(given: Option<&str>, family: Option<&str>) -> Option<String> {
    let parts: Vec<String> = [given, family].into_iter().filter_map(filled).collect();
    filled(Some(&parts.join(" ")))
}

/// A country as ISO 3166-1 alpha-2 in upper case; anything else says nothing.
#[must_use]
pub fn country(text: Option<&str>) -> Option<String> {
    let code = filled(text)?;
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
        assert_eq!(country(Some("de")).as_deref(), Some("DE"));
        for other in [None, Some(""), Some("DEU"), Some("D1"), Some("\u{e4}")] {
            assert_eq!(country(other), None, "{other:?}");
        }
    }
}
