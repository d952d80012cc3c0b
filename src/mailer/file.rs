//! Mail into a folder: for trying out, for tests, and for whoever fetches it from there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Outgoing, SendError};

const UNFINISHED: &str = ".unfinished";

/// Makes the names of unfinished files differ: two workers may write one mail when the first was
/// frozen for so long that the second took over.
static TURN: AtomicU64 = AtomicU64::new(0);

/// A folder with one `.eml` a message, named after its Message-ID: sent twice, it is one file.
#[derive(Debug)]
pub(super) struct Folder {
    directory: Arc<Path>,
}

impl Folder {
    /// Makes the folder if it is missing, and clears away what a killed process left unfinished:
    /// one service writes to a folder.
    pub(super) fn open(directory: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().ends_with(UNFINISHED) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { directory: directory.into() })
    }

    pub(super) async fn send(
        &self,
        mail: Outgoing<'_>,
        go: impl Future<Output = bool> + Send,
    ) -> Result<(), SendError> {
        if !go.await {
            return Err(SendError::TakenBack);
        }
        let directory = Arc::clone(&self.directory);
        let (name, bytes) = (file_name(mail.message_id), mail.bytes.to_vec());
        let written = tokio::task::spawn_blocking(move || write(&directory, &name, &bytes)).await;
        written
            .map_err(io::Error::other)
            .flatten()
            .map_err(|error| SendError::Blocked(format!("the mail folder: {error}")))
    }
}

/// Where the mail with this Message-ID stands in that folder, once it was sent.
pub(super) fn file_in(directory: &Path, message_id: &str) -> PathBuf {
    directory.join(format!("{}.eml", file_name(message_id)))
}

/// Whole or not at all: under another name first, on the disk, then renamed. A crash at any
/// point leaves either no `.eml` or a complete one.
fn write(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let finished = directory.join(format!("{name}.eml"));
    if finished.try_exists()? {
        return Ok(());
    }
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    let unfinished = directory.join(format!(".{name}.{turn}{UNFINISHED}"));
    let mut file = private().open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, &finished)?;
    File::open(directory)?.sync_all()
}

/// A mail holds a key: nobody else on the machine may read it.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The identity as a file name: nothing in it leads out of the folder.
fn file_name(message_id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    let name: String = message_id
        .trim_matches(['<', '>'])
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .take(200)
        .collect();
    name.trim_start_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailer::Party;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn send(folder: &Folder, message_id: &str, bytes: &[u8], go: bool) -> Result<(), SendError> {
        let from = Party { name: None, address: "keys@acme.example".to_owned() };
        let mail = Outgoing { from: &from, to: "ada@example.com", message_id, bytes };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(folder.send(mail, async { go }))
    }

    #[test]
    fn a_message_is_one_private_file_however_often_it_is_sent() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path().join("var/mail")).unwrap();
        send(&folder, "<1@acme.example>", b"one", true).unwrap();
        send(&folder, "<1@acme.example>", b"one", true).unwrap();
        send(&folder, "<../../2@acme.example>", b"two", true).unwrap();
        assert_eq!(names(&folder.directory), ["1@acme.example.eml", "_.._2@acme.example.eml"]);
        let file = folder.directory.join("1@acme.example.eml");
        assert_eq!(fs::read(&file).unwrap(), b"one");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn what_was_taken_back_is_not_written() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path().to_owned()).unwrap();
        let taken_back = send(&folder, "<1@acme.example>", b"one", false);
        assert_eq!(taken_back, Err(SendError::TakenBack));
        assert!(names(&folder.directory).is_empty());
    }

    #[test]
    fn what_a_killed_process_left_is_no_mail_and_is_cleared_away() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join(".1@acme.example.0.unfinished"), b"half of a mes").unwrap();
        fs::write(place.path().join("2@acme.example.eml"), b"two").unwrap();
        let folder = Folder::open(place.path().to_owned()).unwrap();
        assert_eq!(names(&folder.directory), ["2@acme.example.eml"]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_blocks_the_way_and_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path().join("mail")).unwrap();
        fs::remove_dir(&folder.directory).unwrap();
        let blocked = send(&folder, "<1@acme.example>", b"one", true).unwrap_err();
        assert!(matches!(blocked, SendError::Blocked(_)), "{blocked}");
    }
}
