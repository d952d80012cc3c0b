//! Whether a vendor's templates can be used: told before a customer waits for a letter.

use super::built_in::BUILT_IN;
use super::{BadTemplate, Letters, Part, file_of};
use crate::rules::letter::{Matter, Template, names};

impl Letters {
    /// Files whose names mean nothing.
    pub(super) fn strangers(&self) -> Vec<BadTemplate> {
        let known = |file: &str| {
            let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
            let language = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            BUILT_IN.iter().any(|(built_in, _)| *built_in == name) && folder.chars().all(language)
        };
        self.files
            .keys()
            .filter(|file| !known(file))
            .map(|file| BadTemplate {
                file: file.clone(),
                message: format!(
                    "is no letter; there are {}, each as .subject.txt, .txt and .html, alone or in \
                     a folder named after a language, as de or pt-br",
                    names()
                ),
            })
            .collect()
    }

    /// Parts that are missing beside others of their letter.
    pub(super) fn incomplete(&self) -> Vec<BadTemplate> {
        let mut faults = Vec::new();
        for (folder, template) in self.letters() {
            for part in Part::ALL {
                let file = file_of(&folder, template, part);
                if !self.files.contains_key(&file) {
                    let message = format!("is missing beside the other parts of {template}");
                    faults.push(BadTemplate { file, message });
                }
            }
        }
        faults
    }

    /// Letters that cannot be written about usual things.
    pub(super) fn unrenderable(&self) -> Vec<BadTemplate> {
        let mut faults = Vec::new();
        for (folder, template) in self.letters() {
            let samples = Matter::samples(template);
            let tried = samples.map(|matter| self.write_in(&folder, template, &matter));
            faults.extend(tried.into_iter().filter_map(Result::err));
        }
        faults.dedup();
        faults
    }

    /// Every letter of which there is a part.
    fn letters(&self) -> Vec<(String, Template)> {
        let folder = |file: &String| {
            file.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"))
        };
        let mut letters = Vec::new();
        for template in Template::ALL {
            let parts = Part::ALL.map(|part| file_of("", template, part));
            let of_this = |file: &&String| parts.iter().any(|part| file.ends_with(part.as_str()));
            letters.extend(self.files.keys().filter(of_this).map(|file| (folder(file), template)));
        }
        letters.dedup();
        letters
    }
}
