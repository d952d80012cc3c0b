//! A license server in a thread: small, but it signs, counts seats and says no as the real one.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const LICENSE: &str = "5f0c3b1e-8a44-8d0e-9c5b-2f6a1d7e4b90";

/// What the vendor knows.
#[derive(Debug)]
pub(crate) struct Vendor {
    pub(crate) now: DateTime<Utc>,
    pub(crate) product: &'static str,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) on_expiry: &'static str,
    pub(crate) sequence: u64,
    pub(crate) machines: BTreeSet<String>,
    pub(crate) machines_max: usize,
    pub(crate) mood: Mood,
    /// What was asked: the path, and the body.
    pub(crate) asked: Vec<(String, Value)>,
}

/// How the server is today.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mood {
    Well,
    /// Says no with this status and code.
    Denies(u16, &'static str),
    /// This status and text: something before the server, or its own trouble.
    Says(u16, &'static str),
    /// Takes the request and hangs up.
    HangsUp,
}

#[derive(Debug)]
pub(crate) struct StandIn {
    pub(crate) url: String,
    pub(crate) vendor: Arc<Mutex<Vendor>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    pub(crate) fn start(now: DateTime<Utc>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let vendor = Arc::new(Mutex::new(Vendor {
            now,
            product: "acme-pro",
            expires_at: Some(now + TimeDelta::days(365)),
            on_expiry: "restrict",
            sequence: 0,
            machines: BTreeSet::new(),
            machines_max: 2,
            mood: Mood::Well,
            asked: Vec::new(),
        }));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (vendor, stop) = (Arc::clone(&vendor), Arc::clone(&stop));
            move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    serve(stream.unwrap(), &vendor);
                }
            }
        });
        Self { url, vendor, stop, thread: Some(thread) }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.url.trim_start_matches("http://")));
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Vendor {
    /// The machine license of this machine, as of now.
    pub(crate) fn issue(&mut self, fingerprint: &str, trial: bool) -> String {
        self.sequence += 1;
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let offline_until = self.now + TimeDelta::days(30);
        let offline_until = match (self.on_expiry, self.expires_at) {
            ("restrict", Some(end)) => end.min(offline_until),
            _ => offline_until,
        };
        sign(&json!({
            "license_id": LICENSE, "activation_id": "a", "product": self.product,
            "fingerprint": fingerprint, "features": ["export"], "trial": trial,
            "starts_at": "2026-01-01T00:00:00Z",
            "expires_at": self.expires_at.map(text), "valid_until": self.expires_at.map(text),
            "on_expiry": self.on_expiry, "max_activations": self.machines_max,
            "sequence": self.sequence, "issued_at": text(self.now),
            "refresh_at": text(self.now + TimeDelta::days(1)),
            "offline_until": text(offline_until),
        }))
    }

    fn answer(&mut self, path: &str, body: &Value) -> (u16, String) {
        self.asked.push((path.to_owned(), body.clone()));
        let denied = |status: u16, code: &str| {
            (status, json!({"code": code, "title": "No.", "detail": "No, not now."}).to_string())
        };
        match self.mood {
            Mood::Denies(status, code) => return denied(status, code),
            Mood::Says(status, text) => return (status, text.to_owned()),
            Mood::Well | Mood::HangsUp => {}
        }
        let fingerprint = body["fingerprint"].as_str().unwrap().to_owned();
        match path {
            "/v1/licenses/activate" if body["key"] != KEY => denied(404, "unknown_key"),
            "/v1/licenses/activate" => {
                let is_new = !self.machines.contains(&fingerprint);
                if is_new && self.machines.len() >= self.machines_max {
                    return denied(409, "too_many_activations");
                }
                self.machines.insert(fingerprint.clone());
                (200, json!({"license": self.issue(&fingerprint, false)}).to_string())
            }
            "/v1/licenses/trial" => {
                (200, json!({"license": self.issue(&fingerprint, true)}).to_string())
            }
            "/v1/licenses/deactivate" => match self.machines.remove(&fingerprint) {
                true => (204, String::new()),
                false => denied(404, "not_activated"),
            },
            _ => (404, "<html>".to_owned()),
        }
    }
}

pub(crate) const KEY: &str = "ACME-V04FR-2MZNB-N7MCX-XNFNP-HHJBZ";

/// The public half, as `GET /v1/keys` tells it.
pub(crate) fn jwks() -> String {
    let x = BASE64URL_NOPAD.encode(key().verifying_key().as_bytes());
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": kid(), "x": x}]}).to_string()
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn kid() -> String {
    HEXLOWER.encode(&Sha256::digest(key().verifying_key().as_bytes())[..8])
}

fn sign(claims: &Value) -> String {
    let header = format!(r#"{{"alg":"EdDSA","typ":"keywright-license+jws","kid":"{}"}}"#, kid());
    let encode = |part: &str| BASE64URL_NOPAD.encode(part.as_bytes());
    let text = format!("{}.{}", encode(&header), encode(&claims.to_string()));
    let signature = key().sign(text.as_bytes()).to_bytes();
    format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))
}

fn serve(stream: TcpStream, vendor: &Mutex<Vendor>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let path = line.split(' ').nth(1).unwrap().to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut vendor = vendor.lock().unwrap();
    if vendor.mood == Mood::HangsUp {
        return;
    }
    let (status, body) = vendor.answer(&path, &serde_json::from_slice(&body).unwrap());
    drop(vendor);
    let head = format!("HTTP/1.1 {status} -\r\nconnection: close\r\n");
    let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    reader.get_mut().write_all(answer.as_bytes()).unwrap();
}
