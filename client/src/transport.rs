//! How the server is reached.

use std::fmt;

use thiserror::Error;

#[cfg(feature = "ureq")]
pub use https::Https;

/// Longest answer that is read, in bytes.
#[cfg(feature = "ureq")]
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Posts JSON. Bring your own where the application has its own way to the network.
///
/// It must verify the server's certificate, follow no redirect (the body holds the key), and give
/// up after some seconds.
pub trait Transport: fmt::Debug + Send + Sync {
    /// # Errors
    /// [`Unreachable`], where no answer came; every status is an answer.
    fn post(&self, url: &str, body: &str) -> Result<Answer, Unreachable>;
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// No answer came.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the license server cannot be reached: {0}")]
pub struct Unreachable(pub String);

#[cfg(feature = "ureq")]
mod https {
    use std::time::Duration;

    use ureq::Agent;

    use super::{ANSWER_BYTES_MAX, Answer, Transport, Unreachable};

    /// `ureq` with rustls and Mozilla's root certificates; proxies as the environment names them.
    #[derive(Debug, Clone)]
    pub struct Https(Agent);

    impl Https {
        /// Gives up after this time, all in all.
        #[must_use]
        pub fn new(timeout: Duration) -> Self {
            let agent = Agent::config_builder()
                .timeout_global(Some(timeout))
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .user_agent(concat!("keywright-client/", env!("CARGO_PKG_VERSION")))
                .build();
            Self(agent.into())
        }
    }

    impl Default for Https {
        fn default() -> Self {
            Self::new(Duration::from_secs(15))
        }
    }

    impl Transport for Https {
        fn post(&self, url: &str, body: &str) -> Result<Answer, Unreachable> {
            let unreachable = |error: ureq::Error| Unreachable(error.to_string());
            let mut response = self
                .0
                .post(url)
                .header("content-type", "application/json")
                .header("accept", "application/json, application/problem+json")
                .send(body)
                .map_err(unreachable)?;
            let status = response.status().as_u16();
            let body = response
                .body_mut()
                .with_config()
                .limit(ANSWER_BYTES_MAX)
                .read_to_string()
                .map_err(unreachable)?;
            Ok(Answer { status, body })
        }
    }
}
