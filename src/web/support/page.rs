//! Limit and cursor.

use uuid::Uuid;

use crate::web::problem::{Code, Problem};
use crate::web::read::{Fields, Number};

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paging {
    pub(super) limit: usize,
    cursor: Option<String>,
}

const LIMIT: i64 = 50;
const LIMIT_MAX: i64 = 200;

/// The longest cursor that we give out is an id.
const CURSOR_CHARS_MAX: usize = 64;

impl Paging {
    /// Takes `limit` and `cursor` out of the parameters.
    pub(super) fn take(query: &mut Fields) -> Result<Self, Problem> {
        let Number(limit) = query.take("limit")?.unwrap_or(Number(LIMIT));
        let cursor: Option<String> = query.take("cursor")?;
        let limit = usize::try_from(limit).ok().filter(|_| (1..=LIMIT_MAX).contains(&limit));
        let limit = limit.ok_or_else(|| {
            let detail = format!("limit must be between 1 and {LIMIT_MAX}");
            Problem::new(Code::InvalidParameter, detail).of_field("limit")
        })?;
        match &cursor {
            Some(cursor) if cursor.is_empty() || cursor.len() > CURSOR_CHARS_MAX => Err(wrong()),
            _ => Ok(Self { limit, cursor }),
        }
    }

    /// The cursor of a list in the order of numbers.
    pub(super) fn number(&self) -> Result<Option<i64>, Problem> {
        let number = |text: &str| text.parse().ok().filter(|number| *number >= 0).ok_or_else(wrong);
        self.cursor.as_deref().map(number).transpose()
    }

    /// The cursor of a list of licenses.
    pub(super) fn id(self) -> Result<Option<String>, Problem> {
        match &self.cursor {
            Some(text) if Uuid::try_parse(text).is_err() => Err(wrong()),
            _ => Ok(self.cursor),
        }
    }
}

fn wrong() -> Problem {
    let detail = "cursor must be the next_cursor of an earlier answer";
    Problem::new(Code::InvalidParameter, detail).of_field("cursor")
}
