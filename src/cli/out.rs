//! Where much is written to: standard output, or a file that appears whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Standard output, or a file.
#[derive(Debug)]
pub(super) enum Out {
    Standard,
    File(Whole),
}

/// A file under another name beside its own, until it is done. Its owner's alone.
#[derive(Debug)]
pub(super) struct Whole {
    file: BufWriter<File>,
    beside: PathBuf,
    path: PathBuf,
    done: bool,
}

impl Out {
    /// Opens it; a file that has this name stays until the new one is whole.
    ///
    /// # Errors
    /// Where there can be no such file.
    pub(super) fn open(path: Option<PathBuf>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::Standard) };
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", crate::chance::tag()?));
        let beside = path.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&beside).with_context(|| cannot(&path))?;
        Ok(Self::File(Whole { file: BufWriter::new(file), beside, path, done: false }))
    }

    /// Writes some more.
    ///
    /// # Errors
    /// Where nobody reads any more, or the disk is full.
    pub(super) fn write(&mut self, text: &str) -> anyhow::Result<()> {
        match self {
            Self::Standard => Ok(io::stdout().lock().write_all(text.as_bytes())?),
            Self::File(whole) => {
                whole.file.write_all(text.as_bytes()).with_context(|| cannot(&whole.path))
            }
        }
    }

    /// All is written. True: it went to a file, and something may be said of it.
    ///
    /// # Errors
    /// Where the file cannot be made durable or put in its place.
    pub(super) fn finish(self) -> anyhow::Result<bool> {
        match self {
            Self::Standard => {
                io::stdout().lock().flush()?;
                Ok(false)
            }
            Self::File(mut whole) => {
                whole.finish().with_context(|| cannot(&whole.path))?;
                Ok(true)
            }
        }
    }
}

impl Whole {
    fn finish(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.beside, &self.path)?;
        self.done = true;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// What was not finished is of no use to anybody.
impl Drop for Whole {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_file(&self.beside);
        }
    }
}

fn cannot(path: &Path) -> String {
    format!("{} cannot be written", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_whole_or_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("licenses.csv");
        fs::write(&path, "old").unwrap();
        let mut out = Out::open(Some(path.clone())).unwrap();
        out.write("new, and cut off").unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        drop(out);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["licenses.csv"], "nothing of it is left");

        let mut out = Out::open(Some(path.clone())).unwrap();
        out.write("new, ").unwrap();
        out.write("and whole").unwrap();
        assert!(out.finish().unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new, and whole");
        assert_eq!(names(folder.path()), ["licenses.csv"]);
    }
}
