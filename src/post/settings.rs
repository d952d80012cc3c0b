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
    ) -> Result<Self, PostError> {
        Ok(Self {
            mailer: mailer(&mail.transport)?,
            letters: letters(mail.templates.as_deref())?,
            from: Party { name: mail.from.name.clone(), address: mail.from.email.clone() },
            reply_to: None,
            support: None,
            public_url: public_url.to_string(),
            products,
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
