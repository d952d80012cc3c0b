//! Mail out of the house: into files, or to a mail server. The only module that knows lettre.
//!
//! - [`compose`]: a letter becomes the bytes of a message, always the same ones; [`read`]: and is
//!   shown again
//! - `smtp`: one message to a mail server, command by command
//! - `wire`: the connection below, which looks before the final dot
//! - `file`: one message into a folder, whole or not at all

use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

mod compose;
mod file;
mod read;
mod smtp;
mod wire;

pub use compose::{Draft, Party, Unmailable, compose};
pub use read::{Seen, read};
pub use smtp::{Login, Security, Server};

use file::Folder;
use smtp::Smtp;

/// How long a mail server may take until it is ready for the text, and once more until it has
/// answered the whole text.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A way for mail to go.
#[derive(Debug)]
pub struct Mailer(Way);

#[derive(Debug)]
enum Way {
    File(Folder),
    Smtp(Smtp),
}

/// A message that is to go to one person.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Where a mail server may send back what it cannot deliver.
    pub from: &'a Party,
    /// One address.
    pub to: &'a str,
    /// With its angle brackets; the same at every try.
    pub message_id: &'a str,
    /// As [`compose`] made them; the same at every try.
    pub bytes: &'a [u8],
}

/// Where file mail with this Message-ID stands in that folder, once it was sent.
#[must_use]
pub fn file_in(directory: &Path, message_id: &str) -> PathBuf {
    file::file_in(directory, message_id)
}

/// Why a mail did not go out, by what happens next. The reason is one line for support.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// Refused for now: this mail is tried again later.
    #[error("refused for now: {0}")]
    Temporary(String),
    /// Refused for good: this mail has failed.
    #[error("refused: {0}")]
    Refused(String),
    /// Nothing to do with this mail: the way is blocked, and no mail can go until it is free.
    #[error("the mail server is no help: {0}")]
    Blocked(String),
    /// The whole message went out and no answer came back: a copy may have arrived.
    #[error("sent, but never confirmed: {0}")]
    InDoubt(String),
    /// The caller took the mail back at the last moment. Nothing went out.
    #[error("taken back before it was sent")]
    TakenBack,
}

impl Mailer {
    /// One `.eml` a message in this folder, which is made if it is missing. Blocks.
    ///
    /// # Errors
    /// Where the folder cannot be made or written.
    pub fn to_folder(directory: PathBuf) -> std::io::Result<Self> {
        Folder::open(directory).map(|folder| Self(Way::File(folder)))
    }

    /// To a mail server, which is not connected to before there is mail.
    ///
    /// # Errors
    /// A sentence, where TLS cannot be set up.
    pub fn to_server(server: Server, patience: Duration) -> Result<Self, String> {
        Smtp::new(server, patience).map(|smtp| Self(Way::Smtp(smtp)))
    }

    /// May a mail that is sent a second time arrive a second time? A file is the same file.
    #[must_use]
    pub fn can_double(&self) -> bool {
        match &self.0 {
            Way::File(_) => false,
            Way::Smtp(_) => true,
        }
    }

    /// Sends one message. `go` is awaited at the last moment before the text itself is handed
    /// over; when it says no, nothing goes out.
    ///
    /// # Errors
    /// [`SendError`] says what happens next.
    pub async fn send(
        &self,
        mail: Outgoing<'_>,
        go: impl Future<Output = bool> + Send,
    ) -> Result<(), SendError> {
        match &self.0 {
            Way::File(folder) => folder.send(mail, go).await,
            Way::Smtp(smtp) => smtp.send(mail, go).await,
        }
    }

    /// Says goodbye on connections that nobody uses, when there is no more mail for now.
    pub async fn rest(&self) {
        match &self.0 {
            Way::File(_) => {}
            Way::Smtp(smtp) => smtp.rest().await,
        }
    }
}
