//! What has to be asked of a provider's API before an event can be read, as data: the shell alone
//! sends it.

use std::collections::BTreeMap;

/// One question. Its answer is kept with the event, so that reading stays a pure function of
/// what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Under this name the answer stands in [`crate::Event::answers`]; one name, one question.
    pub name: String,
    /// Scheme and host, where the account sets no `api_url`: `https://api.mollie.com`.
    pub base: &'static str,
    /// What follows, with its query. Made of ids that were checked, never of free text.
    pub path: String,
    /// Beside those of [`Auth`].
    pub headers: Vec<(&'static str, String)>,
    pub auth: Auth,
    /// Sent by POST with this content type and body; `None`: GET.
    pub body: Option<(&'static str, Vec<u8>)>,
    pub need: Need,
}

/// How much an event depends on an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It cannot be read without: it waits for the credential that [`Auth`] names, and the API is
    /// asked until it answers.
    Always,
    /// Where the credential is not configured, it is read without.
    Configured,
    /// As `Configured`; and it is read without as well where the API refuses the question or keeps
    /// silent, because another event tells the same sooner or later.
    Helpful,
}

/// Which credential goes with a question. Names are those of settings, secret or (a user) plain
/// ([`crate::Facts::settings`]); an event whose question needs one that is not configured waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// The question itself is the proof.
    Nothing,
    /// `Authorization: Bearer VALUE`
    Bearer(&'static str),
    /// `Authorization: Basic`, the value as the user and a fixed password (often empty).
    BasicUser { user: &'static str, password: &'static str },
    /// `Authorization: Basic`, both values from settings.
    Basic { user: &'static str, password: &'static str },
    /// OAuth 2.0, client credentials: a POST of `grant_type=client_credentials` to that path of
    /// the same host, `Authorization: Basic` with both values, gives the `access_token` that goes
    /// along as `Authorization: Bearer`. It lasts for hours, is shared by questions and never kept
    /// with an event.
    ClientCredentials { token_path: &'static str, id: &'static str, secret: &'static str },
    /// A header with the value behind a fixed text (often empty).
    Header { name: &'static str, prefix: &'static str, setting: &'static str },
    /// The value stands in the body, in place of a mark that is found there once.
    InBody { mark: &'static str, setting: &'static str },
}

impl Auth {
    /// The settings that must be there.
    #[must_use]
    pub fn settings(self) -> Vec<&'static str> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Bearer(setting) | Self::Header { setting, .. } | Self::InBody { setting, .. } => {
                vec![setting]
            }
            Self::BasicUser { user, .. } => vec![user],
            Self::Basic { user, password } => vec![user, password],
            Self::ClientCredentials { id, secret, .. } => vec![id, secret],
        }
    }
}

/// What the API answered: 2xx, or 404 and 410 where the thing is not there. Anything else is no
/// answer, and the question is asked again later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Fetched {
    /// Is there such a thing at all?
    #[must_use]
    pub fn found(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Answers by the name of their question.
pub type Answers = BTreeMap<String, Fetched>;

impl Ask {
    /// A GET whose answer must be there.
    #[must_use]
    pub fn get(name: impl Into<String>, base: &'static str, path: String, auth: Auth) -> Self {
        Self {
            name: name.into(),
            base,
            path,
            headers: Vec::new(),
            auth,
            body: None,
            need: Need::Always,
        }
    }
}
