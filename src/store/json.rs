//! What stands in a column of JSON, read as what it was written from.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::StoreError;

/// Reads what a column (`"licenses.flags"`) of this row holds. What no program wrote is named and
/// never taken for nothing: a license without its flags would be another one.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn json<T: DeserializeOwned>(
    value: &Value,
    column: &str,
    row: impl ToString,
) -> Result<T, StoreError> {
    T::deserialize(value).map_err(|error| {
        let (table, column) = column.split_once('.').unwrap_or(("?", column));
        StoreError::Corrupt {
            table: table.to_owned(),
            column: column.to_owned(),
            row: row.to_string(),
            message: error.to_string(),
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_is_named_by_table_column_and_row() {
        let flags = json!({ "not": "a list" });
        let error = json::<Vec<String>>(&flags, "licenses.flags", 7).unwrap_err();
        let StoreError::Corrupt { table, column, row, message } = &error else { panic!("{error}") };
        assert_eq!([table.as_str(), column, row], ["licenses", "flags", "7"]);
        assert!(message.contains("expected a sequence"), "{message}");
        assert_eq!(json(&json!(["a"]), "licenses.features", 7), Ok(vec!["a".to_owned()]));
    }
}
