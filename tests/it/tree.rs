//! The shape of the source tree: one direction, one place for each library, a folder a provider.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the top of the house down. A module names only modules below it (or beside it, within
/// its own line).
const FLOORS: [&[&str]; 12] = [
    &["cli"],
    &["serve"],
    &["web"],
    &["hooks", "support", "machines", "trigger", "sender", "standin", "upkeep"],
    &["pull"],
    &["intake"],
    &["apply", "due", "post"],
    &["fetch", "telemetry"],
    &["books", "mailer"],
    &["spans"],
    &["config", "keyring"],
    &["store"],
];

/// May be named by everyone, and name nobody but themselves and the providers.
const GROUND: [&str; 3] = ["rules", "clock", "chance"];

/// A library, and the only modules that may name it.
const LIBRARIES: [(&str, &[&str]); 11] = [
    ("diesel", &["store"]),
    ("diesel_async", &["store"]),
    ("tokio_postgres", &["store"]),
    ("actix_web", &["web", "serve"]),
    ("lettre", &["mailer"]),
    ("mail_parser", &["mailer"]),
    ("pulldown_cmark", &["web"]),
    ("reqwest", &["fetch", "sender"]),
    ("opentelemetry", &["telemetry"]),
    ("opentelemetry_sdk", &["telemetry"]),
    ("prost", &["telemetry"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The code of a file: without comments, and without the tests at its foot.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The top module that a file of `src/` belongs to; `None` for `lib.rs` and `main.rs`.
fn module(path: &Path) -> Option<String> {
    let below = path.strip_prefix(root().join("src")).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_str().unwrap();
    let name = first.trim_end_matches(".rs");
    (!["lib", "main"].contains(&name)).then(|| name.to_owned())
}

/// The words that follow `prefix` in a text: `crate::store` gives `store`.
fn named<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(prefix).skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        rest.split_at(end).0
    })
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.file_name().is_some_and(|name| name == "tests.rs")
}

fn floor(module: &str) -> Option<usize> {
    if GROUND.contains(&module) {
        return Some(FLOORS.len());
    }
    FLOORS.iter().position(|floor| floor.contains(&module))
}

#[test]
fn every_module_names_only_those_below_it() {
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")).iter().filter(|path| !is_test(path)) {
        let Some(module) = module(path) else { continue };
        let Some(here) = floor(&module) else {
            wrong.push(format!("{module} stands on no floor"));
            continue;
        };
        let text = code(path);
        for other in named(&text, "crate::").filter(|other| *other != module) {
            let below = floor(other).is_none_or(|there| {
                there > here || (there == here && !GROUND.contains(&module.as_str()))
            });
            if !below {
                wrong.push(format!("{} names {other}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn each_library_has_one_place() {
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")).iter().filter(|path| !is_test(path)) {
        let Some(module) = module(path) else { continue };
        let text = code(path);
        for (library, places) in LIBRARIES {
            let uses = text.contains(&format!("{library}::"));
            if uses && !places.contains(&module.as_str()) {
                wrong.push(format!("{} names {library}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn time_and_chance_have_one_reader_each() {
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")).iter().filter(|path| !is_test(path)) {
        let text = code(path);
        let name = path.file_name().unwrap().to_str().unwrap();
        for (word, place) in [
            ("Utc::now", "clock.rs"),
            ("SystemTime::now", "clock.rs"),
            ("getrandom::", "chance.rs"),
        ] {
            if text.contains(word) && name != place {
                wrong.push(format!("{} says {word}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_providers_can_do_no_io() {
    let manifest = fs::read_to_string(root().join("providers/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
    let dependencies = dependencies.split("[dev-dependencies]").next().unwrap();
    for shell in ["tokio", "actix", "diesel", "reqwest", "getrandom", "\"clock\""] {
        assert!(!dependencies.contains(shell), "providers/ lists {shell}");
    }
    for path in rust_files(&root().join("providers")).iter().filter(|path| !is_test(path)) {
        let text = code(path);
        for word in ["std::fs", "std::net", "std::env", "std::time::SystemTime", "Utc::now"] {
            assert!(!text.contains(word), "{} says {word}", path.display());
        }
    }
}

#[test]
fn only_an_answered_question_is_verified_without_a_signature() {
    for folder in ["src", "providers"] {
        for path in rust_files(&root().join(folder)).iter().filter(|path| !is_test(path)) {
            let text = code(path);
            let makes = path.ends_with("providers/list.rs");
            assert!(makes || !text.contains("scheme::listed"), "{} verifies", path.display());
            // What it is given has to be an answer of `fetch`.
            let pulls = path.ends_with("src/pull/mod.rs");
            assert!(pulls || !text.contains("list::envelopes"), "{} reads a list", path.display());
        }
    }
}

#[test]
fn no_lint_is_switched_off_in_silence() {
    for folder in ["src", "providers", "client", "tests", "benches"] {
        for path in rust_files(&root().join(folder)) {
            // This very file names what it looks for.
            if path.ends_with("tests/it/tree.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for word in ["#[allow(", "#![allow(", "#[ignore", "todo!(", "unimplemented!("] {
                assert!(!text.contains(word), "{} says {word}", path.display());
            }
        }
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |database: &str| -> BTreeSet<String> {
        fs::read_dir(root().join("migrations").join(database))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[test]
fn a_file_is_one_idea() {
    let mut long = BTreeMap::new();
    for folder in ["src", "providers", "client", "tests", "benches"] {
        for path in rust_files(&root().join(folder)) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            if lines > 500 {
                long.insert(path, lines);
            }
        }
    }
    assert_eq!(long, BTreeMap::new());
}

/// A module whose doc lists its parts lists all that can be seen from outside.
#[test]
fn a_map_names_every_place() {
    let mut untold = Vec::new();
    for path in rust_files(&root().join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        let map: String = text.lines().filter(|line| line.starts_with("//!")).collect();
        for name in text.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
            let name = name.trim_end_matches(';');
            if map.contains("//! - ") && !map.contains(&format!("`{name}`")) {
                untold.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert_eq!(untold, Vec::<String>::new());
}

/// Every word of this kind in a text: `keywright_...`.
fn figures(text: &str) -> BTreeSet<String> {
    let name =
        |rest: &str| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
    text.split("keywright_").skip(1).map(name).filter(|name: &String| !name.is_empty()).collect()
}

#[test]
fn every_figure_is_documented_and_the_dashboard_names_no_other() {
    let mut ours = BTreeSet::new();
    for path in rust_files(&root().join("src")) {
        let text = code(&path);
        let quoted = text.split('"').filter(|part| part.starts_with("keywright_"));
        ours.extend(quoted.flat_map(figures));
    }
    let read = |file: &str| fs::read_to_string(root().join(file)).unwrap();
    let documentation = read("docs/operating.md");
    // `keywright_mail_queued`, `_failed`: one line tells of a family.
    let told = |name: &String| {
        documentation.contains(&format!("keywright_{name}"))
            || name.rsplit_once('_').is_some_and(|(family, last)| {
                documentation.contains(&format!("keywright_{family}_"))
                    && documentation.contains(&format!("`_{last}`"))
            })
    };
    let untold: Vec<&String> = ours.iter().filter(|name| !told(name)).collect();
    assert_eq!(untold, Vec::<&String>::new());
    for file in ["deploy/grafana.json", "deploy/alerts.yaml"] {
        let unknown: Vec<String> = figures(&read(file)).difference(&ours).cloned().collect();
        assert_eq!(unknown, Vec::<String>::new(), "{file}");
    }
}
