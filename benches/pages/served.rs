//! The town's service, asked over HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::Data;
use actix_web::{App, HttpServer};
use keywright::post::Post;
use keywright::store::types::Role;
use keywright::support::Asked;
use keywright::support::my::Links;
use keywright::support::sessions::{CUSTOMER_LASTS, Holder};
use keywright::web;
use keywright::web::console::Console;
use keywright::web::html::cookie::Jar;
use keywright::web::my::My;
use keywright::web::support::Desk;
use keywright::web::support::reload::{NotReloaded, Reload, ReloadDone, Reloading};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::pages::{Page, Who};
use crate::town::Town;

/// Requests of each page that count.
const REQUESTS: usize = 50;

/// Requests before those: somebody has looked at it today already.
const WARM_UP: usize = 3;

/// What takes longer in all is slow enough: it is not asked again.
const PATIENCE_MS: f64 = 10_000.0;

/// In milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) max: f64,
}

/// A service that answers.
#[derive(Debug)]
pub(crate) struct Served {
    address: SocketAddr,
    /// Of an admin.
    token: String,
    /// The sessions of those who have signed in.
    cookies: BTreeMap<Who, String>,
}

struct Never;

impl Reload for Never {
    fn reload(&self, _: Asked) -> Reloading<'_> {
        Box::pin(async { Err::<ReloadDone, _>(NotReloaded::Faulty(Vec::new())) })
    }
}

impl Served {
    pub(crate) async fn open(town: &Town) -> Self {
        let (token, _) =
            town.support.token_new("bench", Role::Admin, Asked::default()).await.unwrap();
        let support = &town.support;
        let desk = Data::new(Desk::new(support.clone(), Arc::new(Never)));
        let console = Data::new(Console::new(support.clone(), Arc::new(Never)));
        let my = Data::new(My::new(support.clone(), Links::new(support.clone())));
        let post: Data<Post> = Data::new(town.post.clone());
        let (store, shelf) = (town.store.clone(), support.shelf.clone());
        let intake = Data::new(town.intake.clone());
        let server = HttpServer::new(move || {
            App::new()
                .wrap(web::headers())
                .app_data(Data::new(store.clone()))
                .app_data(Data::new(shelf.clone()))
                .app_data(intake.clone())
                .app_data(desk.clone())
                .app_data(console.clone())
                .app_data(my.clone())
                .app_data(post.clone())
                .configure(web::routes)
        })
        .workers(1)
        // However busy the machine is.
        .keep_alive(Duration::from_secs(600))
        .client_request_timeout(Duration::ZERO)
        .bind("127.0.0.1:0")
        .unwrap();
        let address = server.addrs()[0];
        tokio::spawn(server.run());
        let token = token.expose().to_owned();
        let mut served = Self { address, token, cookies: BTreeMap::new() };
        served.sign_in().await;
        served
    }

    /// Signs the customers among these in, as the links in their mail would.
    pub(crate) async fn let_in(&mut self, town: &Town, pages: &[Page]) {
        let https = town.support.shelf.now().config.server.public_url.is_https();
        for page in pages {
            let Who::Customer(email) = &page.who else { continue };
            if !self.cookies.contains_key(&page.who) {
                let holder = Holder::Customer(email.clone());
                let session = town.support.session_begin(&holder).await.unwrap();
                let cookie = Jar::My.fill(session.expose(), CUSTOMER_LASTS, https);
                self.cookies.insert(page.who.clone(), cookie.stripped().to_string());
            }
        }
    }

    /// As an admin with his token, by the form.
    async fn sign_in(&mut self) {
        let form = format!("token={}", self.token);
        let request = format!(
            "POST /console/sign-in HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = answer(&mut stream).await;
        let cookie = header(&answer, "set-cookie").and_then(|value| value.split(';').next());
        let cookie = cookie.expect(&answer).to_owned();
        self.cookies.insert(Who::Desk, cookie);
    }

    fn request(&self, page: &Page) -> String {
        let token = match page.who {
            Who::Desk => format!("Authorization: Bearer {}\r\n", self.token),
            Who::Customer(_) | Who::Nobody => String::new(),
        };
        let cookie = match self.cookies.get(&page.who) {
            Some(cookie) => format!("Cookie: {cookie}\r\n"),
            None => String::new(),
        };
        format!("GET {} HTTP/1.1\r\nHost: localhost\r\n{token}{cookie}\r\n", page.path)
    }

    /// One after the other on one connection, as one person asks.
    pub(crate) async fn times(&self, page: &Page) -> Times {
        let request = self.request(page);
        let status = format!("HTTP/1.1 {} ", page.status);
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut times = Vec::new();
        for turn in 0..WARM_UP + REQUESTS {
            let asked = Instant::now();
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = answer(&mut stream).await;
            if turn >= WARM_UP {
                times.push(asked.elapsed().as_secs_f64() * 1_000.0);
            }
            let led_away = header(&answer, "location").is_some_and(|to| to.contains("/sign-in"));
            let right = answer.starts_with(&status) && answer.contains(page.holds) && !led_away;
            assert!(right, "{}: {answer:.500}", page.path);
            if times.iter().sum::<f64>() > PATIENCE_MS {
                break;
            }
        }
        times.sort_unstable_by(f64::total_cmp);
        let at = |part: usize| times[(times.len() - 1) * part / 100];
        Times { p50: at(50), p95: at(95), max: at(100) }
    }
}

/// One whole answer: its head says how long it is.
async fn answer(stream: &mut TcpStream) -> String {
    let (mut bytes, mut part) = (Vec::new(), vec![0; 262_144]);
    let mut length = None;
    loop {
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "the server hung up: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&part[..read]);
        if length.is_none() {
            let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            length = end.map(|end| {
                let head = String::from_utf8_lossy(&bytes[..end]);
                let body = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
                end + 4 + body
            });
        }
        if length.is_some_and(|length: usize| bytes.len() >= length) {
            return String::from_utf8(bytes).unwrap();
        }
    }
}

/// Of an answer, or of its head.
fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
}
