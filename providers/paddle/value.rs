//! Values that cannot be wrong once they are read.

use serde::Deserialize;

use crate::notice::Money;
use crate::read::{self, Unread};

/// Paddle's ids have about 30 characters.
const ID_BYTES_MAX: usize = 128;

/// An id that Paddle made (`txn_01hv8wptq8987qeep44cyrewp9`). Never empty, since an empty one
/// would tie unrelated sales together, and never anything that is hard to keep or to show.
#[derive(Deserialize, Clone, PartialEq, Eq)]
#[serde(try_from = "String")]
pub(super) struct Id(String);

impl Id {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Id {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if plain && (1..=ID_BYTES_MAX).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err("not an id: 1 to 128 visible ASCII characters are")
        }
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

/// ISO 4217.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Currency(String);

impl Currency {
    /// Minor units, as Paddle writes all amounts; what they take away is never negative.
    ///
    /// # Errors
    /// [`Unread::Value`].
    pub(super) fn money(&self, path: &str, text: &str) -> Result<Money, Unread> {
        let money = read::minor(path, text, &self.0)?;
        if money.minor < 0 { Err(Unread::value(path, "a negative amount")) } else { Ok(money) }
    }
}

impl TryFrom<String> for Currency {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let letters = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if letters { Ok(Self(text)) } else { Err("not a currency: three letters are") }
    }
}
