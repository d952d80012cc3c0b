//! The letters' templates: the built-in ones, and a vendor's in their place.
//!
//! `templates/mail/README.md` tells what a template may use and how a vendor writes his own.

mod built_in;
mod check;

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use self::built_in::BUILT_IN;
use super::letter::{Letter, Matter, SUBJECT_CHARS, Template};
use super::plain::one_line;
use super::tongue::Tongue;

/// The built-in templates, and those that stand in their place.
#[derive(Debug, Clone)]
pub struct Letters {
    /// By file name: `issued.txt`, `de/issued.txt`.
    files: BTreeMap<String, String>,
}

/// A template that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct BadTemplate {
    /// As below the folder: `de/issued.txt`.
    pub file: String,
    pub message: String,
}

impl Letters {
    /// The built-in letters alone.
    #[must_use]
    pub fn built_in() -> Self {
        let files = BUILT_IN.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
        Self { files: files.collect() }
    }

    /// The built-in letters with a vendor's files in their place; each is tried out.
    ///
    /// # Errors
    /// Names that mean nothing; else languages with a part missing; else templates that do not
    /// render.
    pub fn with(
        overrides: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<BadTemplate>> {
        let mut letters = Self::built_in();
        letters.files.extend(overrides);
        let checks = [Self::strangers, Self::incomplete, Self::unrenderable];
        let faults =
            checks.into_iter().map(|check| check(&letters)).find(|found| !found.is_empty());
        faults.map_or(Ok(letters), Err)
    }

    /// Writes a letter in the customer's language: `de-AT`, else `de`, else the default.
    ///
    /// # Errors
    /// A template that fails on this very license; [`Letters::with`] has tried a usual one.
    pub fn write(
        &self,
        template: Template,
        locale: Option<&str>,
        matter: &Matter,
    ) -> Result<Letter, BadTemplate> {
        self.write_in(&self.folder(template, locale), template, matter)
    }

    fn write_in(
        &self,
        folder: &str,
        template: Template,
        matter: &Matter,
    ) -> Result<Letter, BadTemplate> {
        let tongue = Tongue::of_folder(folder);
        let render = |part, facts| self.render(&file_of(folder, template, part), facts);
        let subject = render(Part::Subject, matter.facts_for_subject(tongue))?;
        Ok(Letter {
            subject: one_line(subject.lines().next().unwrap_or_default(), SUBJECT_CHARS),
            text: render(Part::Text, matter.facts(tongue))?,
            html: render(Part::Html, matter.facts(tongue))?,
        })
    }

    fn render(&self, file: &str, facts: Value) -> Result<String, BadTemplate> {
        let bad = |message: String| BadTemplate { file: file.to_owned(), message };
        let source = self.files.get(file).ok_or_else(|| bad("is missing".to_owned()))?;
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        let mut environment = Environment::new();
        environment.set_syntax(syntax.map_err(|error| bad(error.to_string()))?);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment
            .render_named_str(file, source, facts.clone())
            .map_err(|error| bad(explained(&error, &facts)))
    }

    /// The most specific folder that has this letter, with its slash; empty: the default.
    fn folder(&self, template: Template, locale: Option<&str>) -> String {
        let locale = locale.unwrap_or_default().to_ascii_lowercase().replace('_', "-");
        let mut language = locale.as_str();
        while !language.is_empty() {
            let folder = format!("{language}/");
            if self.files.contains_key(&file_of(&folder, template, Part::Text)) {
                return folder;
            }
            language = language.rsplit_once('-').map_or("", |(shorter, _)| shorter);
        }
        String::new()
    }
}

/// What the template engine says, and for a name that it does not know, the names that there are.
fn explained(error: &minijinja::Error, facts: &Value) -> String {
    match error.kind() {
        ErrorKind::UndefinedError => {
            let names = facts.try_iter().into_iter().flatten().map(|name| name.to_string());
            format!("{error}; there are {}", names.collect::<Vec<_>>().join(", "))
        }
        _ => error.to_string(),
    }
}

fn file_of(folder: &str, template: Template, part: Part) -> String {
    format!("{folder}{template}{}", part.suffix())
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Subject,
    Text,
    Html,
}

impl Part {
    const ALL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    fn suffix(self) -> &'static str {
        match self {
            Self::Subject => ".subject.txt",
            Self::Text => ".txt",
            Self::Html => ".html",
        }
    }
}

#[cfg(test)]
mod tests;
