//! A provider that an account describes itself: `[providers.NAME.custom]`.

use std::sync::Arc;

use keywright_providers::custom::{Custom, Fault};
use keywright_providers::{Handle, Provider};
use serde_json::Value;

use super::fault::{Key, Report, did_you_mean};

/// Reads the description at that key; each of its faults is told with its own key.
pub(super) fn described(
    report: &mut Report<'_>,
    key: &Key,
    written: Option<Value>,
) -> Option<Handle> {
    let Some(table) = written else {
        let message = format!(
            "is missing: this kind is described in a table, [{key}], as its guide shows \
             (providers/custom/README.md)"
        );
        report.add(key, message);
        return None;
    };
    match Custom::from_table(&table) {
        Ok(custom) => {
            let provider: Arc<dyn Provider> = Arc::new(custom);
            Some(Handle::Described(provider))
        }
        Err(faults) => {
            for fault in faults {
                let place = fault.path.iter().fold(key.clone(), |key, name| key.at(name));
                report.add(&place, sentence(&fault));
            }
            None
        }
    }
}

/// What is wrong; where a word is none of those known, the nearest of them, else all.
fn sentence(fault: &Fault) -> String {
    let Some(meant) = &fault.meant else { return fault.message.clone() };
    let nearest = did_you_mean(&meant.word, meant.known.iter().copied());
    match nearest.as_str() {
        "" => format!("{}; there are {}", fault.message, meant.known.join(", ")),
        nearest => format!("{}{nearest}", fault.message),
    }
}
