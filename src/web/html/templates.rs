//! The list of all templates, embedded.

macro_rules! templates {
    ($($name:literal)+) => {
        pub(super) const ALL: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../templates/", $name)))),+];
    };
}

templates! {
    "console/audit.html"
    "console/audit_verified.html"
    "console/error.html"
    "console/event.html"
    "console/event_list.html"
    "console/event_replay.html"
    "console/find.html"
    "console/hooks.html"
    "console/layout.html"
    "console/license.html"
    "console/license_list.html"
    "console/license_new.html"
    "console/license_refused.html"
    "console/mail.html"
    "console/mail_list.html"
    "console/parts.html"
    "console/provider.html"
    "console/providers.html"
    "console/reload.html"
    "console/sign_in.html"
    "console/signed_out.html"
    "console/today.html"
    "my/ask.html"
    "my/error.html"
    "my/in.html"
    "my/layout.html"
    "my/licenses.html"
    "my/offline.html"
    "my/sent.html"
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_is_in_the_list_and_can_be_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut files = Vec::new();
        for folder in ["console", "my"] {
            for file in std::fs::read_dir(root.join(folder)).into_iter().flatten() {
                let name = file.unwrap().file_name().into_string().unwrap();
                files.push(format!("{folder}/{name}"));
            }
        }
        files.sort();
        assert_eq!(files, ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        let mut environment = minijinja::Environment::new();
        for (name, text) in ALL {
            environment.add_template(name, text).unwrap();
        }
    }
}
