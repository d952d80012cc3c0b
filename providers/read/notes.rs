//! What a vendor's own server wrote at a sale, where the provider lets it.

use serde::Deserialize;
use serde_json::Value;

use super::{Unread, filled, quantity};

/// Notes or metadata: an object, the same as JSON in a text, or something empty (`null`, `""`,
/// `0`, `[]`) where nothing was written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Notes(Value);

impl Notes {
    /// The value under that name, where it is a text or a number.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.find(|notes| notes.get(name))
    }

    /// A text or number somewhere inside.
    pub fn find(&self, inside: impl FnOnce(&Value) -> Option<&Value>) -> Option<String> {
        let text = |value: &Value| match value {
            Value::String(text) => filled(Some(text)),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        match &self.0 {
            Value::String(json) => text(inside(&serde_json::from_str(json).ok()?)?),
            notes => text(inside(notes)?),
        }
    }

    /// What was bought, as the vendor maps it: `keywright_product`.
    #[must_use]
    pub fn product(&self) -> Option<String> {
        self.get("keywright_product")
    }

    /// How many were bought, `keywright_quantity`; one where nothing is written.
    ///
    /// # Errors
    /// [`Unread::Value`] for what is no quantity.
    pub fn quantity(&self, path: &str) -> Result<u32, Unread> {
        let written = self.get("keywright_quantity");
        written.map_or(Ok(1), |text| quantity(&format!("{path}.keywright_quantity"), &text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(json: &str) -> Notes {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn notes_say_the_same_as_an_object_and_as_a_text() {
        let object = r#"{"keywright_product":" acme-pro ","keywright_quantity":2}"#;
        let text = serde_json::to_string(object).unwrap();
        for written in [object, &text] {
            let notes = notes(written);
            assert_eq!(notes.product().as_deref(), Some("acme-pro"));
            assert_eq!(notes.quantity("metadata"), Ok(2));
        }
    }

    #[test]
    fn notes_without_anything_are_one_of_nothing() {
        for empty in ["null", "0", "\"\"", "\"cart 17\"", "[]", "{}", "{\"keywright_product\":[]}"]
        {
            assert_eq!(notes(empty).product(), None, "{empty}");
            assert_eq!(notes(empty).quantity("metadata"), Ok(1), "{empty}");
        }
    }

    #[test]
    fn a_quantity_is_a_whole_number() {
        for wrong in ["0", "-1", "1.5", "\"two\"", "4294967296"] {
            let notes = notes(&format!("{{\"keywright_quantity\":{wrong}}}"));
            assert!(notes.quantity("metadata").is_err(), "{wrong}");
        }
    }
}
