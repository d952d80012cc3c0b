//! Sends samples as a provider would: for `trigger`, `demo` and the benchmark's set-up.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use keywright_providers::{Inlet, Sample};
use reqwest::Method;

/// Posts samples to one running service.
#[derive(Debug, Clone)]
pub struct Sender {
    client: reqwest::Client,
    base: String,
}

/// What the service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    pub status: u16,
    pub body: String,
}

/// Where what listens so is reached from this very machine.
#[must_use]
pub fn on_this_machine(listen: SocketAddr) -> String {
    let host = match listen.ip() {
        ip if ip.is_unspecified() && ip.is_ipv4() => "127.0.0.1".to_owned(),
        ip if ip.is_unspecified() => "[::1]".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    format!("http://{host}:{}", listen.port())
}

/// Did [`Sender::send`] fail because nothing listens there?
#[must_use]
pub fn nobody_there(error: &anyhow::Error) -> bool {
    error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect)
}

impl Sender {
    /// `base` is the service's address: `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// Where no client can be made (no TLS provider).
    pub fn new(base: &str) -> anyhow::Result<Self> {
        // Fails only where one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self { client, base: base.trim_end_matches('/').to_owned() })
    }

    /// # Errors
    /// Where no answer came.
    pub async fn send(&self, account: &str, sample: &Sample) -> anyhow::Result<Answered> {
        let inlet = match sample.inlet {
            Inlet::Webhook => "webhooks",
            Inlet::Fulfil => "fulfil",
        };
        let method = if sample.method == "GET" { Method::GET } else { Method::POST };
        let mut address = format!("{}/{inlet}/{account}", self.base);
        if !sample.query.is_empty() {
            address = format!("{address}?{}", sample.query);
        }
        let mut request = self.client.request(method, &address).body(sample.body.clone());
        for (name, value) in &sample.headers {
            request = request.header(name, value);
        }
        let answer =
            request.send().await.with_context(|| format!("no answer from {}", self.base))?;
        let status = answer.status().as_u16();
        let body = answer.text().await.unwrap_or_default();
        Ok(Answered { status, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_reached_on_this_machine() {
        for (listen, base) in [
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("[::]:8080", "http://[::1]:8080"),
            ("10.0.0.7:80", "http://10.0.0.7:80"),
            ("[fd00::7]:80", "http://[fd00::7]:80"),
        ] {
            assert_eq!(on_this_machine(listen.parse().unwrap()), base);
        }
    }
}
