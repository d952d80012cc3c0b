//! What an XML document begins with.

use std::fmt;

use serde::Deserialize;
use url::Url;

/// The longest name or address, in bytes.
const BYTES_MAX: usize = 200;

/// The name of a document's first element: a letter or `_`, then letters, digits, `_`, `-`, `.`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Root(String);

/// The address that tells whose words the elements are, as it is written: programs compare it
/// letter by letter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Namespace(String);

impl TryFrom<String> for Root {
    type Error = &'static str;

    /// Narrower than XML, whose names may have letters of every script.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let first = |c: char| c.is_ascii_alphabetic() || c == '_';
        let other = |c: char| first(c) || c.is_ascii_digit() || c == '-' || c == '.';
        let reserved = text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("xml"));
        match text.starts_with(first) && text.chars().all(other) && text.len() <= BYTES_MAX {
            true if !reserved => Ok(Self(text)),
            true | false => Err("is no name of an XML element; write AppLicensing or netlicensing"),
        }
    }
}

impl TryFrom<String> for Namespace {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = |c: char| c.is_ascii_graphic() && !"<>\"{}|\\^`".contains(c);
        match text.chars().all(plain) && text.len() <= BYTES_MAX && Url::parse(&text).is_ok() {
            true => Ok(Self(text)),
            false => Err("is no address; write http://netlicensing.labs64.com/schema/context"),
        }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_a_name_and_nothing_that_could_end_it() {
        let read = |text: &str| Root::try_from(text.to_owned());
        assert_eq!(read("AppLicensing").unwrap().to_string(), "AppLicensing");
        assert!(read("netlicensing").is_ok() && read("_a-1.b").is_ok());
        let long = "a".repeat(201);
        for wrong in ["", "1st", "-a", "a b", "ns2:a", "a>", "a/", "Ä", "xmlThing", &long] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_namespace_is_an_address_and_stays_as_it_is_written() {
        let read = |text: &str| Namespace::try_from(text.to_owned());
        let written = "http://AppLicensing.Realmocean.com/schema/context";
        assert_eq!(read(written).unwrap().to_string(), written);
        assert!(read("urn:acme:licensing").is_ok() && read("http://a.example/?a&b").is_ok());
        let long = format!("http://a.example/{}", "a".repeat(200));
        for wrong in ["", "schema", "http://a.example/\"><b", "http://a b.example", " urn:a", &long]
        {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
