//! Addresses, each read once into its parts. What may hold a password has no `Display`.

use std::fmt;

use serde::Deserialize;
use url::Url;

use super::hidden::Hidden;

/// Under which customers and providers reach this service: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicUrl {
    /// Without a slash at its end.
    origin: String,
    https: bool,
}

impl PublicUrl {
    /// The address of a path on this service; `path` begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let url = Url::parse(&text)
            .map_err(|_| "is not an address; write https://licenses.example.com")?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err("is neither https nor http; write https://licenses.example.com"),
        };
        if url.query().is_some() || url.fragment().is_some() || !matches!(url.path(), "" | "/") {
            return Err("has more than scheme, host and port; leave out what follows the host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("has a user in it; leave out what stands before the @");
        }
        Ok(Self { origin: url.origin().ascii_serialization(), https })
    }
}

/// A mail server and how to log in there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    pub security: Security,
    pub host: String,
    pub port: u16,
    pub login: Option<Login>,
}

/// How the way to the mail server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// `smtps://`: TLS from the first byte.
    Tls,
    /// `smtp://`: STARTTLS, and nothing is sent without it.
    StartTls,
    /// `smtp://...?tls=none`: everybody on the way can read along.
    Plain,
}

/// A user of the mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: Hidden,
}

impl TryFrom<Hidden> for SmtpUrl {
    type Error = &'static str;

    fn try_from(text: Hidden) -> Result<Self, Self::Error> {
        const RIGHT: &str = "is not a mail server; write smtps://user:password@mail.example.com";
        let url = Url::parse(text.expose()).map_err(|_| RIGHT)?;
        let tls: Vec<_> = url.query_pairs().collect();
        let tls: Vec<_> = tls.iter().map(|(key, value)| (key.as_ref(), value.as_ref())).collect();
        let (security, port) = match (url.scheme(), tls.as_slice()) {
            ("smtps", []) => (Security::Tls, 465),
            ("smtp", [] | [("tls", "required")]) => (Security::StartTls, 587),
            ("smtp", [("tls", "none")]) => (Security::Plain, 25),
            ("smtps" | "smtp", _) => {
                return Err("has a query that is not known; only smtp:// takes one, ?tls=none");
            }
            _ => return Err(RIGHT),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err("has a path; leave out what follows the host and port");
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(RIGHT)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let login = match (decode(url.username()), url.password().map(decode)) {
            (Some(user), None) if user.is_empty() => None,
            (Some(user), Some(Some(password))) if !user.is_empty() => {
                Some(Login { user, password: Hidden::from(password) })
            }
            _ => {
                return Err("has half a login; write user:password@ with % escapes as in a URL, \
                            or nothing before the host");
            }
        };
        Ok(Self { security, host, port: url.port().unwrap_or(port), login })
    }
}

/// Undoes `%40` and its like.
fn decode(text: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
    (!decoded.contains(char::is_control)).then(|| decoded.into_owned())
}

/// The address of an API, where it can be called: by https only, or by plain http on this very
/// machine (a stand-in for tests, a proxy).
#[must_use]
pub fn callable(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let safe = url.scheme() == "https" || (url.scheme() == "http" && here);
    (safe && url.host_str().is_some() && url.username().is_empty() && url.password().is_none())
        .then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> Result<String, &'static str> {
        PublicUrl::try_from(text.to_owned()).map(|url| url.join("/v1/keys"))
    }

    fn smtp(text: &str) -> Result<SmtpUrl, &'static str> {
        SmtpUrl::try_from(Hidden::from(text.to_owned()))
    }

    #[test]
    fn links_are_made_from_an_origin_and_nothing_else() {
        assert_eq!(public("https://a.example").unwrap(), "https://a.example/v1/keys");
        assert_eq!(public("https://a.example:443/").unwrap(), "https://a.example/v1/keys");
        assert_eq!(public("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080/v1/keys");
        for wrong in [
            "licenses.example.com",
            "ftp://a.example",
            "https://a.example/base",
            "https://a.example/?a=b",
            "https://a.example/#top",
            "https://user@a.example",
            "https://",
        ] {
            assert!(public(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_https_or_this_machine_is_called() {
        for address in ["https://api.mollie.com", "http://127.0.0.1:8080/x", "http://[::1]:1"] {
            assert!(callable(address).is_some(), "{address}");
        }
        for address in [
            "http://api.mollie.com",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "https://user:pass@api.mollie.com",
            "http://127.0.0.1.example.com",
            "//api.mollie.com",
            "",
        ] {
            assert!(callable(address).is_none(), "{address}");
        }
    }

    #[test]
    fn mail_is_private_unless_plain_is_asked_for() {
        let server = smtp("smtps://user:p%40ss%2Bw+rd@mail.example.com").unwrap();
        assert_eq!((server.security, server.port), (Security::Tls, 465));
        let login = server.login.unwrap();
        assert_eq!((login.user.as_str(), login.password.expose()), ("user", "p@ss+w+rd"));
        let server = smtp("smtp://mail.example.com").unwrap();
        assert_eq!((server.security, server.port), (Security::StartTls, 587));
        assert_eq!(server.login, None);
        let server = smtp("smtp://127.0.0.1:2525?tls=none").unwrap();
        assert_eq!((server.security, server.port), (Security::Plain, 2525));
        for wrong in [
            "mail.example.com",
            "http://mail.example.com",
            "smtps://mail.example.com?tls=none",
            "smtp://mail.example.com?tls=maybe",
            "smtp://mail.example.com/inbox",
            "smtp://user@mail.example.com",
            "smtp://:password@mail.example.com",
            "smtp://us%0Der:password@mail.example.com",
        ] {
            assert!(smtp(wrong).is_err(), "{wrong}");
        }
    }
}
