//! Why events stand where they stand, and what to do about it: a word of explanation and one of
//! advice for every reason that is ever stored.

use std::fmt::Write as _;

use crate::rules::plain::is_unseen;

/// What stands behind a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Remedy {
    /// As it is stored.
    pub reason: &'static str,
    /// What happened.
    pub why: &'static str,
    /// What mends it, or that nothing has to be.
    pub remedy: &'static str,
}

/// Every reason there is. What needs a person comes first.
pub const ALL: &[Remedy] = &[
    Remedy {
        reason: "unknown_product",
        why: "Something was bought that no product of yours is configured for.",
        remedy: "Map what stands on the order to a product, reload the configuration, and look at \
                 a dry run. A reload tries all events that failed for this reason again.",
    },
    Remedy {
        reason: "unknown_account",
        why: "The account that the event came to is not configured any more.",
        remedy: "Put its section back into the configuration and reload, if its sales still \
                 matter; else set the event aside.",
    },
    Remedy {
        reason: "unreadable",
        why: "The content is not what this provider sends: something is missing or of another kind.",
        remedy: "Compare the payload with the message above. Where the provider has changed its \
                 format, update this service and replay the event; where the event is none of \
                 yours, set it aside.",
    },
    Remedy {
        reason: "impossible_value",
        why: "The content can be read, but one of its values cannot be.",
        remedy: "Look at the value that the message names, in the payload and at the provider. If \
                 the provider sent it by mistake, give or renew the license by hand and set the \
                 event aside.",
    },
    Remedy {
        reason: "unsupported_format",
        why: "The provider is set up to send a format that says too little.",
        remedy: "Change the format in the provider's settings as the message says, and have the \
                 provider send the event again.",
    },
    Remedy {
        reason: "impossible_quantity",
        why: "An order line has more units than an order can have, or none.",
        remedy: "Look at the order at the provider. If it is right, give the licenses by hand and \
                 set the event aside.",
    },
    Remedy {
        reason: "dated_ahead",
        why: "The event is dated more than a day after it came; it would outrank all that follows.",
        remedy: "Look at the sender's clock. Once that day has come, replay the event; if the date \
                 is wrong, set the event aside and have it sent again.",
    },
    Remedy {
        reason: "conflicting_body",
        why: "The provider sent this event before, under the same id, with another content. The \
              first one was used.",
        remedy: "Compare the two: look for the provider's id. If this one is right, replay it; \
                 else set it aside.",
    },
    Remedy {
        reason: "api_refused",
        why: "The provider has to be asked what the event is about, and refused to answer.",
        remedy: "Look at the message: most often the API key is wrong or may not read this. Mend \
                 it in the account's section and reload; the event is then tried again.",
    },
    Remedy {
        reason: "needs_setting",
        why: "The provider has to be asked what the event is about, and a setting for it is missing.",
        remedy: "Set what the message names in the account's section and reload; the event is then \
                 tried again.",
    },
    Remedy {
        reason: "not_asked",
        why: "The provider has to be asked what the event is about first, and whoever waited for \
              keys could not wait for that.",
        remedy: "Replay it.",
    },
    Remedy {
        reason: "never_finished",
        why: "The service tried it again and again and never came to an end: it may be what makes \
              the service crash.",
        remedy: "Look at the log at the time of its attempts before you replay it, and report it \
                 with the payload.",
    },
    Remedy {
        reason: "internal",
        why: "The service itself failed on it; its log says more.",
        remedy: "Replay it. If it fails again, report it with what the log says.",
    },
    Remedy {
        reason: "payment_unknown",
        why: "It speaks of a payment that nobody has told of yet.",
        remedy: "Nothing, as a rule: when the event that tells of the payment comes, this one \
                 counts by itself. If that does not come, look whether the provider sends payments \
                 to this address, and pull what was missed with the command reconcile.",
    },
    Remedy {
        reason: "purchase_unknown",
        why: "It speaks of a purchase that nobody has told of yet.",
        remedy: "Nothing, as a rule: when the event that tells of the purchase comes, this one \
                 counts by itself. If that does not come, pull what was missed with the command \
                 reconcile; for a sale that is older than this service, give the license by hand.",
    },
    Remedy {
        reason: "purged",
        why: "The content was deleted after its time, so the event cannot be read again.",
        remedy: "Nothing can be done with it. What it told before stands in its notices.",
    },
    Remedy {
        reason: "told_before",
        why: "The provider told this before: once it was sent, once pulled from its list.",
        remedy: "Nothing. The first telling counts.",
    },
    Remedy {
        reason: "erased",
        why: "Its customer asked to be erased before it was applied; its content is gone.",
        remedy: "Nothing can be done with it.",
    },
    Remedy {
        reason: "other_mode",
        why: "It is of the other mode: a test, while the account is live, or the reverse.",
        remedy: "Nothing, if that is right. To try things out, configure an account of its own \
                 with mode = \"test\".",
    },
    Remedy {
        reason: "no_effect",
        why: "Events of this type say nothing of licenses.",
        remedy: "Nothing. To spare both sides the work, do not have the provider send this type.",
    },
    Remedy {
        reason: "set_aside",
        why: "Somebody decided that it does not count.",
        remedy: "Nothing. To take that back, replay it.",
    },
];

/// What stands behind this reason.
#[must_use]
pub fn remedy(reason: &str) -> Option<&'static Remedy> {
    ALL.iter().find(|known| known.reason == reason)
}

/// The lines that are missing in the configuration: for each line of the order the names of what
/// was bought, most specific first. The caller chooses the products.
#[must_use]
pub fn mapping(account: &str, unmapped: &[Vec<String>]) -> String {
    let mut text = format!("[providers.{}.products]\n", key(account));
    for items in unmapped {
        let mut names = items.iter().map(|item| quoted(item));
        let Some(first) = names.next() else { continue };
        // A text takes everything that is written to it.
        let _ = writeln!(text, "{first} = \"PRODUCT\"");
        for other in names {
            let _ = writeln!(text, "# or, for more than this one: {other} = \"PRODUCT\"");
        }
    }
    text
}

/// A key of TOML, bare where it can be.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !name.is_empty() && name.chars().all(bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// A basic string of TOML; what is not seen is written as an escape.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() || is_unseen(c) => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    /// Where reasons are given, and what stands before one there.
    const GIVEN: &[(&str, &[&str])] = &[
        ("src/apply", &["failed(\"", "Failed, \"", "Ignored, \"", "Waiting, \"", "Some(\""]),
        ("src/store/queries/keep.rs", &["Some(\""]),
        ("src/store/queries/events.rs", &["Some(\""]),
        ("src/store/queries/erase.rs", &["Some(\""]),
        ("src/rules/fold.rs", &["=> \""]),
        ("providers/read.rs", &["=> \""]),
    ];

    fn files(path: &Path) -> Vec<PathBuf> {
        if path.is_file() {
            return vec![path.to_owned()];
        }
        fs::read_dir(path).unwrap().flat_map(|entry| files(&entry.unwrap().path())).collect()
    }

    /// Every word that the code gives as a reason.
    fn given() -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut words = BTreeSet::new();
        for (path, marks) in GIVEN {
            for file in files(&root.join(path)) {
                let text = fs::read_to_string(&file).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap().split_whitespace();
                let text = text.collect::<Vec<_>>().join(" ").replace("( \"", "(\"");
                let after = marks.iter().flat_map(|mark| text.split(mark).skip(1));
                let literals = after.map(|rest| rest.split('"').next().unwrap());
                let word = |text: &&str| {
                    text.len() > 4 && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
                };
                words.extend(literals.filter(word).map(str::to_owned));
            }
        }
        words
    }

    #[test]
    fn every_reason_that_the_code_gives_is_explained_and_no_other() {
        let explained: BTreeSet<String> =
            ALL.iter().map(|remedy| remedy.reason.to_owned()).collect();
        assert_eq!(given(), explained);
        assert_eq!(explained.len(), ALL.len(), "one explanation each");
    }

    #[test]
    fn explanations_and_advice_are_sentences() {
        for text in ALL.iter().flat_map(|remedy| [remedy.why, remedy.remedy]) {
            assert!(text.ends_with('.') && text.chars().next().unwrap().is_uppercase(), "{text}");
            assert!(!text.contains("  "), "{text}");
        }
    }

    #[test]
    fn the_missing_lines_are_toml_whatever_was_bought() {
        let hostile = "a\"]\n[server] \u{202e}\\=<b>".to_owned();
        let unmapped = [vec!["price_new".to_owned(), "prod_new".to_owned()], vec![hostile.clone()]];
        let text = mapping("stripe-eu", &unmapped);
        assert!(text.starts_with("[providers.stripe-eu.products]\n\"price_new\" = \"PRODUCT\"\n"));
        assert!(text.contains("# or, for more than this one: \"prod_new\" = \"PRODUCT\"\n"));
        assert!(!text.contains('\u{202e}'));
        let read: toml::Table = toml::from_str(&text).unwrap();
        let products = read["providers"]["stripe-eu"]["products"].as_table().unwrap();
        assert_eq!(products.len(), 2, "{products:?}");
        assert!(products.contains_key(&hostile));
    }
}
