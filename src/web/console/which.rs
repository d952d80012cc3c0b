//! The filter above the list of events, as it stands in an address.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use url::form_urlencoded::Serializer;

use crate::store::rows::EventFilter;
use crate::store::types::EventStatus;
use crate::web::problem::Problem;
use crate::web::read::{Fields, Number};
use crate::web::support::events::Which;

/// What an address asks for.
pub(super) struct Wanted {
    pub(super) filter: EventFilter,
    pub(super) cursor: Option<i64>,
    /// The filter as it was written, for the form.
    pub(super) values: BTreeMap<String, String>,
}

impl Wanted {
    /// Reads the address of a request.
    ///
    /// # Errors
    /// The parameter that is wrong, or that there is not.
    pub(super) fn read(request: &HttpRequest) -> Result<Self, Problem> {
        let mut query = Fields::of_query(request)?.filled();
        let cursor = query.take::<Number>("cursor")?.map(|Number(cursor)| cursor);
        // What was done stands there beside the filter.
        query.take::<String>("done")?;
        let filter = query.read::<Which>()?.into();
        let pairs: Vec<(String, String)> =
            serde_html_form::from_str(request.query_string()).unwrap_or_default();
        let kept = |(name, value): &(String, String)| {
            !value.is_empty() && !["cursor", "done"].contains(&name.as_str())
        };
        let values = pairs.into_iter().filter(kept).collect();
        Ok(Self { filter, cursor, values })
    }

    /// Where nothing is asked for: those that failed.
    pub(super) fn or_failed(mut self) -> Self {
        if self.values.is_empty() {
            let failed = EventStatus::Failed;
            self.values.insert("status".to_owned(), failed.as_str().to_owned());
            self.filter.status = Some(failed);
        }
        self
    }

    /// The filter as it stands in an address.
    pub(super) fn query(&self) -> String {
        query(self.values.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

/// Names and values as they stand in an address.
pub(super) fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}
