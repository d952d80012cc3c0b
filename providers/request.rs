//! What came over HTTP, as plain data: bounded by the shell, not yet trusted.

use std::fmt;

use crate::read::Form;
use crate::reject::Reject;

/// Which of the two addresses of an account was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inlet {
    /// `/webhooks/{account}`
    Webhook,
    /// `/fulfil/{account}`: the provider waits for keys.
    Fulfil,
}

/// One request of a provider. Borrowed: nothing is copied before it is authentic.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub inlet: Inlet,
    pub method: &'a str,
    /// The raw query string, without `?`; empty where there is none.
    pub query: &'a str,
    /// Names as sent (any case), values as sent.
    pub headers: &'a [(String, String)],
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// What stands at the address that [`crate::Provider::certificate`] gave.
    pub certificate: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    /// A webhook as it is sent usually: POST, no query.
    #[must_use]
    pub fn post(headers: &'a [(String, String)], body: &'a [u8]) -> Self {
        let inlet = Inlet::Webhook;
        Self { inlet, method: "POST", query: "", headers, body, certificate: None }
    }

    /// The one header of that name (ASCII case ignored).
    ///
    /// # Errors
    /// [`Reject::Missing`] without one, [`Reject::Doubled`] with several.
    pub fn header(&self, name: &str) -> Result<&'a str, Reject> {
        self.header_opt(name)?.ok_or(Reject::Missing)
    }

    /// The one header of that name, if it is there.
    ///
    /// # Errors
    /// [`Reject::Doubled`] with several.
    pub fn header_opt(&self, name: &str) -> Result<Option<&'a str>, Reject> {
        let mut found = self.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
        let first = found.next().map(|(_, value)| value.as_str());
        match found.next() {
            Some(_) => Err(Reject::Doubled),
            None => Ok(first),
        }
    }

    /// Every header of that name, in its order: for providers that send one for each of their
    /// secrets.
    pub fn header_all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let of_name = |(header, value): &'a (String, String)| {
            header.eq_ignore_ascii_case(name).then_some(value.as_str())
        };
        self.headers.iter().filter_map(of_name)
    }
}

impl Request<'_> {
    /// The one field of that name in the query, decoded: where a token stands.
    ///
    /// # Errors
    /// [`Reject::Missing`] without one (or with an empty one), [`Reject::Doubled`] with several,
    /// [`Reject::Malformed`] where the query is none.
    pub fn query_field(&self, name: &str) -> Result<String, Reject> {
        let form = Form::parse(self.query.as_bytes());
        let mut values = form.all(name);
        let first = values.next().filter(|value| !value.is_empty()).ok_or(Reject::Missing)?;
        match values.next() {
            Some(_) => Err(Reject::Doubled),
            None => Ok(first.to_owned()),
        }
    }
}

impl fmt::Debug for Request<'_> {
    /// Without values: a header may be a credential and a body is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("inlet", &self.inlet)
            .field("method", &self.method)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
