//! Asks providers' APIs, and fetches the certificates that they name: the one place from which
//! the service calls out beside its mail. Bounded in time and size; follows no redirect.

mod certificates;
mod tokens;

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use keywright_providers::scheme::rsa;
use keywright_providers::{Ask, Auth, Fetched};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder};
use thiserror::Error;
use tracing::Instrument as _;
use zeroize::Zeroizing;

use certificates::Certificates;
use tokens::{GotWith, Granted, Tokens};

use crate::config::Account;
use crate::config::urls::callable;
use crate::rules::retry::RetryAfter;
use crate::spans;

const AUTHORIZATION: &str = "Authorization";

/// One call, from connecting to the last byte.
const CALL_MAX: Duration = Duration::from_secs(5);

/// A longer answer is none.
const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Certificates are small, and the provider's name in their address was checked.
const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;

/// The client, with its cache of certificates.
#[derive(Debug, Clone)]
pub struct Fetch {
    client: Client,
    certificates: Arc<Certificates>,
    tokens: Arc<Tokens>,
}

/// Why there is no answer. Never holds a credential.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FetchError {
    #[error("{host} cannot be reached ({why})")]
    Unreachable { host: String, why: String },
    #[error("{host} answered {status}; it is asked again")]
    NotNow { host: String, status: u16, after: Option<RetryAfter> },
    #[error(
        "{host} answered {status}: the credential in [providers.{account}] is wrong, or may not \
         read this; set a right one and reload"
    )]
    Forbidden { host: String, status: u16, account: String },
    #[error("{host} answered {status} to the question {name}")]
    Refused { host: String, status: u16, name: String },
    #[error("the answer of {0} is too long")]
    TooLong(String),
    #[error("{0} answered with something else than a certificate; it is asked again")]
    NoCertificate(String),
    #[error("{0} is no address that can be asked; write https://HOST in api_url")]
    Address(String),
    #[error(
        "a credential in [providers.{0}] has a character that cannot be sent; paste it again and \
         reload"
    )]
    Unsendable(String),
    #[error("no client for calling providers can be made ({0})")]
    NoClient(String),
}

impl FetchError {
    /// Can asking again help, with nothing changed here?
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::NotNow { .. } | Self::NoCertificate(_) => true,
            Self::Forbidden { .. }
            | Self::Refused { .. }
            | Self::TooLong(_)
            | Self::Address(_)
            | Self::Unsendable(_)
            | Self::NoClient(_) => false,
        }
    }

    /// What it answered, where it did.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::NotNow { status, .. }
            | Self::Forbidden { status, .. }
            | Self::Refused { status, .. } => Some(*status),
            Self::Unreachable { .. }
            | Self::TooLong(_)
            | Self::NoCertificate(_)
            | Self::Address(_)
            | Self::NoClient(_)
            | Self::Unsendable(_) => None,
        }
    }

    /// When the API wants to be asked again, where it said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<RetryAfter> {
        match self {
            Self::NotNow { after, .. } => *after,
            Self::Unreachable { .. }
            | Self::Forbidden { .. }
            | Self::Refused { .. }
            | Self::TooLong(_)
            | Self::NoCertificate(_)
            | Self::Address(_)
            | Self::Unsendable(_)
            | Self::NoClient(_) => None,
        }
    }
}

impl Fetch {
    /// # Errors
    /// [`FetchError::NoClient`].
    pub fn new() -> Result<Self, FetchError> {
        Self::with_call_max(CALL_MAX)
    }

    /// One that waits no longer than that for each answer.
    ///
    /// # Errors
    /// As [`Fetch::new`].
    pub fn with_call_max(call_max: Duration) -> Result<Self, FetchError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| FetchError::NoClient(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(call_max)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("keywright/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| FetchError::NoClient(error.to_string()))?;
        Ok(Self { client, certificates: Arc::default(), tokens: Arc::default() })
    }

    /// Asks one question with the account's credentials. A token from before that is not taken any
    /// more is renewed, and the question asked once more: they may end early, and know only the
    /// rights of their time.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn ask(&self, ask: &Ask, account: &Account) -> Result<Fetched, FetchError> {
        let span = spans::ask(account);
        let answer = self.ask_in_span(ask, account).instrument(span.clone()).await;
        let status = match &answer {
            Ok(fetched) => Some(fetched.status),
            Err(error) => error.status(),
        };
        spans::answered(&span, status, 400);
        answer
    }

    async fn ask_in_span(&self, ask: &Ask, account: &Account) -> Result<Fetched, FetchError> {
        let had_token = self.token_known(ask, account);
        match self.ask_once(ask, account).await {
            Err(FetchError::Forbidden { .. }) if had_token => {
                self.tokens.forget(&account.name);
                self.ask_once(ask, account).await
            }
            answer => answer,
        }
    }

    async fn ask_once(&self, ask: &Ask, account: &Account) -> Result<Fetched, FetchError> {
        let base = base(ask, account);
        let address = format!("{base}{}", ask.path);
        // Behind a slash nothing changes the host any more.
        let url = callable(&address).filter(|_| ask.path.starts_with('/'));
        let url = url.ok_or_else(|| FetchError::Address(base.to_owned()))?;
        let host = host(&url);
        let mut request = match &ask.body {
            Some((content_type, body)) => {
                let body = filled_in(body, ask.auth, account);
                self.client.post(url).header(CONTENT_TYPE, *content_type).body(body)
            }
            None => self.client.get(url),
        };
        if !ask.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept")) {
            request = request.header(ACCEPT, "application/json");
        }
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        request = match ask.auth {
            Auth::ClientCredentials { token_path, id, secret } => {
                let token = self.token(base, token_path, (id, secret), account).await?;
                request.bearer_auth(token.as_str())
            }
            other => authorized(request, other, account)?,
        };
        let Called { status, after, body } = self.call(request, &host, ANSWER_BYTES_MAX).await?;
        match status {
            200..=299 | 404 | 410 => Ok(Fetched { status, body }),
            401 | 403 => Err(FetchError::Forbidden { host, status, account: account.name.clone() }),
            408 | 425 | 429 | 500..=599 => Err(FetchError::NotNow { host, status, after }),
            _ => Err(FetchError::Refused { host, status, name: ask.name.clone() }),
        }
    }

    /// The certificate at that address, from the last hour or fetched; `None`: there is none. Within
    /// three seconds, however many ask.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn certificate(&self, address: &str) -> Result<Option<Arc<Vec<u8>>>, FetchError> {
        let url = callable(address).ok_or_else(|| FetchError::Address(address.to_owned()))?;
        let host = host(&url);
        let call = async {
            let called = self.call(self.client.get(url), &host, CERTIFICATE_BYTES_MAX).await?;
            let Called { status, after, body } = called;
            match status {
                200 if rsa::is_certificate(&body) => Ok(Some(Arc::new(body))),
                200 => Err(FetchError::NoCertificate(host.clone())),
                404 | 410 => Ok(None),
                _ => Err(FetchError::NotNow { host: host.clone(), status, after }),
            }
        };
        self.certificates.at(address, &host, call).await
    }

    /// Tells one of the vendor's own hooks, or the collector of traces; gives the status of its
    /// answer. What it says beside is not read.
    ///
    /// # Errors
    /// [`FetchError::Unreachable`]: whether it was heard is not known.
    pub async fn tell(
        &self,
        url: &url::Url,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<u16, FetchError> {
        let mut request = self.client.post(url.clone()).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.send().await;
        let answer = answer.map_err(|error| unreachable(&host(url), error))?;
        Ok(answer.status().as_u16())
    }

    /// The access token of this account, from before or got now.
    async fn token(
        &self,
        base: &str,
        path: &str,
        (id, secret): (&'static str, &'static str),
        account: &Account,
    ) -> Result<Zeroizing<String>, FetchError> {
        let address = format!("{base}{path}");
        let got_with = got_with(&address, (id, secret), account);
        if let Some(token) = self.tokens.known(&account.name, got_with) {
            return Ok(token);
        }
        let url = callable(&address).ok_or_else(|| FetchError::Address(base.to_owned()))?;
        let host = host(&url);
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        let request = authorized(request, Auth::Basic { user: id, password: secret }, account)?;
        let Called { status, after, body } = self.call(request, &host, ANSWER_BYTES_MAX).await?;
        let granted: Option<Granted> = serde_json::from_slice(&body).ok();
        match (status, granted) {
            (200..=299, Some(granted)) => Ok(self.tokens.keep(&account.name, got_with, granted)),
            (400..=403, _) => {
                Err(FetchError::Forbidden { host, status, account: account.name.clone() })
            }
            _ => Err(FetchError::NotNow { host, status, after }),
        }
    }

    async fn call(
        &self,
        request: RequestBuilder,
        host: &str,
        bytes_max: usize,
    ) -> Result<Called, FetchError> {
        let unreachable = |error| unreachable(host, error);
        let mut answer = request.send().await.map_err(unreachable)?;
        let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = after.and_then(|text| RetryAfter::parse(text.trim()));
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > bytes_max {
                return Err(FetchError::TooLong(host.to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Called { status: answer.status().as_u16(), after, body })
    }

    /// Is there a token from before for this question?
    fn token_known(&self, ask: &Ask, account: &Account) -> bool {
        let Auth::ClientCredentials { token_path, id, secret } = ask.auth else { return false };
        let address = format!("{}{token_path}", base(ask, account));
        let got_with = got_with(&address, (id, secret), account);
        self.tokens.known(&account.name, got_with).is_some()
    }
}

/// What came back, whatever it says.
struct Called {
    status: u16,
    /// Told with a 429 or 503; with anything else it has no meaning here.
    after: Option<RetryAfter>,
    body: Vec<u8>,
}

/// The settings that this question needs and the account lacks.
#[must_use]
pub fn missing(ask: &Ask, account: &Account) -> Vec<&'static str> {
    let known = |name: &&'static str| {
        let credentials = &account.credentials;
        credentials.keys.contains_key(*name) || credentials.settings.contains_key(*name)
    };
    ask.auth.settings().into_iter().filter(|name| !known(name)).collect()
}

/// Scheme and host, without a slash at its end.
fn base<'a>(ask: &Ask, account: &'a Account) -> &'a str {
    let set = account.credentials.settings.get("api_url");
    set.map_or(ask.base, String::as_str).trim_end_matches('/')
}

fn got_with(address: &str, (id, secret): (&str, &str), account: &Account) -> GotWith {
    GotWith::of([address, value(account, id), value(account, secret)])
}

/// With the innermost cause: that of a name that is not found, of a certificate, of time. The address
/// stays out of it, since that of a hook may hold a credential.
fn unreachable(host: &str, error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let causes = std::iter::successors(error.source(), |&error| error.source());
    let why = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
    FetchError::Unreachable { host: host.to_owned(), why }
}

fn host(url: &url::Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// The body, with the credential in its place: escaped, since such bodies are XML.
fn filled_in(body: &[u8], auth: Auth, account: &Account) -> Vec<u8> {
    let Auth::InBody { mark, setting } = auth else { return body.to_vec() };
    let secret = account.credentials.keys.get(setting).map_or("", |secret| secret.expose());
    let escaped = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    String::from_utf8_lossy(body).replacen(mark, &escaped, 1).into_bytes()
}

/// What stands under that setting. The name of a user is no secret.
fn value<'a>(account: &'a Account, setting: &str) -> &'a str {
    let credentials = &account.credentials;
    let plain = || credentials.settings.get(setting).map_or("", String::as_str);
    credentials.keys.get(setting).map_or_else(plain, |secret| secret.expose())
}

fn authorized(
    request: RequestBuilder,
    auth: Auth,
    account: &Account,
) -> Result<RequestBuilder, FetchError> {
    let value = |setting: &str| value(account, setting);
    let basic = |user: &str, password: &str| {
        format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes()))
    };
    let (name, text) = match auth {
        // The last two are put in where the body is made, or got first.
        Auth::Nothing | Auth::InBody { .. } | Auth::ClientCredentials { .. } => return Ok(request),
        Auth::Bearer(setting) => (AUTHORIZATION, format!("Bearer {}", value(setting))),
        Auth::BasicUser { user, password } => (AUTHORIZATION, basic(value(user), password)),
        Auth::Basic { user, password } => (AUTHORIZATION, basic(value(user), value(password))),
        Auth::Header { name, prefix, setting } => (name, format!("{prefix}{}", value(setting))),
    };
    let unsendable = |_| FetchError::Unsendable(account.name.clone());
    let mut text = HeaderValue::try_from(text).map_err(unsendable)?;
    // No log of the client's shows it, however much is logged.
    text.set_sensitive(true);
    Ok(request.header(name, text))
}

#[cfg(test)]
mod tests {
    use keywright_providers::{Credentials, FIVE_MINUTES, Handle, Secret, Settings, by_kind};

    use super::*;
    use crate::config::{Deliver, Mode};

    const SECRET: &str = "rk_live_kwOfficeSessions1";

    fn account() -> Account {
        let key = ("api_key".to_owned(), Secret::new(SECRET).unwrap());
        Account {
            name: "pay".to_owned(),
            provider: Handle::BuiltIn(by_kind("stripe").unwrap()),
            credentials: Credentials {
                secrets: Vec::new(),
                keys: [key].into(),
                settings: Settings::from([("api_user".to_owned(), "two\nlines".to_owned())]),
                tolerance: FIVE_MINUTES,
            },
            mode: Mode::Live,
            deliver: Deliver::Email,
        }
    }

    fn put(auth: Auth) -> Result<reqwest::Request, FetchError> {
        let request = Fetch::new().unwrap().client.get("https://api.example.com/");
        Ok(authorized(request, auth, &account())?.build().unwrap())
    }

    #[test]
    fn no_credential_is_shown_by_the_request_that_carries_it() {
        let own = Auth::Header { name: "X-Auth-Token", prefix: "Key ", setting: "api_key" };
        for (auth, header) in [(Auth::Bearer("api_key"), AUTHORIZATION), (own, "X-Auth-Token")] {
            let request = put(auth).unwrap();
            assert!(request.headers()[header].to_str().unwrap().ends_with(SECRET));
            assert!(request.headers()[header].is_sensitive(), "{header}");
            assert!(!format!("{request:?}").contains(SECRET));
        }
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_told_with_its_account_and_never_sent() {
        let own = Auth::Header { name: "X-Auth-User", prefix: "", setting: "api_user" };
        let error = put(own).unwrap_err();
        assert!(!error.passes() && error.retry_after().is_none());
        let told = error.to_string();
        assert!(told.contains("[providers.pay]") && !told.contains("lines"), "{told}");
    }
}
