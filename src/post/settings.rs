//! Where mail goes and what stands on it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::config::urls::{PublicUrl, Security as ConfiguredSecurity};
use crate::config::{Mail, Transport};
use crate::mailer::{Login, Mailer, PATIENCE, Party, Security, Server};
use crate::rules::letters::{BadTemplate, Letters};

/// A folder of templates is a few files of a few kilobytes.
const TEMPLATE_BYTES_MAX: u64 = 256 * 1024;
const TEMPLATES_MAX: usize = 500;

/// A product's name by its id, as configured at the moment.
pub type ProductNames = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What a link to the customer's page says, by the name in its mail's row. It is computed when the
/// mail goes out, so that it stands in no database.
pub type LinkSecrets = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// What mail is sent with, from the start to the end of a process.
pub struct Settings {
    pub mailer: Mailer,
    pub letters: Letters,
    pub from: Party,
    pub reply_to: Option<Party>,
    /// Where a customer may write to; without it the letter says to answer.
    pub support: Option<String>,
    /// Of this service: the only address that links may begin with.
    pub public_url: String,
    pub products: ProductNames,
    pub links: LinkSecrets,
}

/// Why mail cannot be sent as configured.
#[derive(Debug, Error)]
pub enum PostError {
    #[error("mail.directory: {path}: {error}")]
    Directory { path: PathBuf, error: io::Error },
    #[error("mail.smtp_url: {0}")]
    Server(String),
    #[error("mail.templates: {path}: {error}")]
    Folder { path: PathBuf, error: io::Error },
    #[error("mail.templates: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Templates(Vec<BadTemplate>),
}

impl Settings {
    /// As configured. Makes the mail folder, reads the templates and tries them out. Blocks.
    ///
    /// # Errors
    /// [`PostError`] names the key of the configuration and what is wrong.
    pub fn open(
        mail: &Mail,
        public_url: &PublicUrl,
        products: ProductNames,
        links: LinkSecrets,
    ) -> Result<Self, PostError> {
        Ok(Self {
            mailer: mailer(&mail.transport)?,
            letters: letters(mail.templates.as_deref())?,
            from: Party { name: mail.from.name.clone(), address: mail.from.email.clone() },
            reply_to: None,
            support: None,
            public_url: public_url.to_string(),
            products,
            links,
        })
    }

    /// Who writes: the name in `mail.from`, or its domain.
    pub(super) fn vendor(&self) -> &str {
        let domain = || self.from.address.rsplit_once('@').map_or("", |(_, domain)| domain);
        self.from.name.as_deref().unwrap_or_else(domain)
    }

    pub(super) fn product_name(&self, id: &str) -> String {
        (self.products)(id).unwrap_or_else(|| id.to_owned())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("mailer", &self.mailer)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// The letters with the vendor's own templates, if he has some.
///
/// # Errors
/// [`PostError`] names every file that cannot be used.
pub fn letters(folder: Option<&Path>) -> Result<Letters, PostError> {
    let Some(folder) = folder else { return Ok(Letters::built_in()) };
    let files =
        templates(folder).map_err(|error| PostError::Folder { path: folder.to_owned(), error })?;
    Letters::with(files).map_err(PostError::Templates)
}

fn mailer(transport: &Transport) -> Result<Mailer, PostError> {
    match transport {
        Transport::File { directory } => Mailer::to_folder(directory.clone())
            .map_err(|error| PostError::Directory { path: directory.clone(), error }),
        Transport::Smtp { url } => {
            let server = Server {
                host: url.host.clone(),
                port: url.port,
                security: match url.security {
                    ConfiguredSecurity::Tls => Security::Tls,
                    ConfiguredSecurity::StartTls => Security::StartTls,
                    ConfiguredSecurity::Plain => Security::Plain,
                },
                login: url.login.as_ref().map(|login| Login {
                    user: login.user.clone(),
                    password: login.password.expose().to_owned(),
                }),
                trusted_pem: None,
            };
            Mailer::to_server(server, PATIENCE).map_err(PostError::Server)
        }
    }
}

/// The `.txt` and `.html` files of a folder and of the folders in it, by `name` or `folder/name`.
fn templates(folder: &Path) -> io::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            let inner = name(&path);
            for path in entries(&path)?.into_iter().filter(|path| is_template(path)) {
                files.push((format!("{inner}/{}", name(&path)), read(&path)?));
            }
        } else if is_template(&path) {
            files.push((name(&path), read(&path)?));
        }
    }
    Ok(files)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.take(TEMPLATES_MAX);
    entries.map(|entry| entry.map(|entry| entry.path())).collect()
}

fn is_template(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "txt" || kind == "html")
}

fn read(path: &Path) -> io::Result<String> {
    let size_bytes = std::fs::metadata(path)?.len();
    if size_bytes > TEMPLATE_BYTES_MAX {
        let message = format!("{} is too large for a template", path.display());
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    std::fs::read_to_string(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::rules::letter::{LetterData, Template};

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_of_templates_takes_the_place_of_the_built_in_ones() {
        let folder = folder(&[
            ("issued.subject.txt", "{{ vendor }}: {{ product }}"),
            ("de/issued.subject.txt", "Schlüssel für {{ product }}"),
            ("de/issued.txt", "{{ key }}"),
            ("de/issued.html", "{{ key }}"),
            ("README.md", "is no template"),
            ("issued.txt~", "nor is this"),
        ]);
        let letters = letters(Some(folder.path())).unwrap();
        let [data, _] = LetterData::samples();
        let subject = |locale| {
            letters.write(Template::Issued, Some(locale), &data.clone().into()).unwrap().subject
        };
        assert_eq!(subject("en"), "Acme Licensing: Acme Pro");
        assert_eq!(subject("de-AT"), "Schlüssel für Acme Pro");
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_named_with_all_its_faults() {
        let told = |folder: &Path| letters(Some(folder)).unwrap_err().to_string();
        let missing = told(Path::new("/nowhere/templates"));
        assert!(missing.starts_with("mail.templates: /nowhere/templates: "), "{missing}");

        let faulty = folder(&[("issued.txt", "{{ kee }}"), ("renewed.html", "{% if %}")]);
        let faulty = told(faulty.path());
        assert!(faulty.contains("issued.txt: undefined value"), "{faulty}");
        assert!(faulty.contains("renewed.html: syntax error"), "{faulty}");

        let large = "x".repeat(300 * 1024);
        let large = told(folder(&[("de/issued.txt", &large)]).path());
        assert!(large.contains("too large for a template"), "{large}");
    }
}
