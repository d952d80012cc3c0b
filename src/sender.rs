//! Sends samples as a provider would: for `trigger`, `demo` and the benchmark's set-up.

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
