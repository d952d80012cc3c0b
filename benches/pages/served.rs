//! The town's service, asked over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use actix_web::web::Data;
use actix_web::{App, HttpServer};
use keywright::store::types::Role;
use keywright::support::Asked;
use keywright::web;
use keywright::web::support::Desk;
use keywright::web::support::reload::{Reload, ReloadDone, Reloading};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::pages::Page;
use crate::town::Town;

/// Requests of each page that count.
const REQUESTS: usize = 50;

/// Requests before those: somebody has looked at it today already.
const WARM_UP: usize = 3;

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
    cookie: String,
}

struct Never;

impl Reload for Never {
    fn reload(&self, _: Asked) -> Reloading<'_> {
        Box::pin(async { Err::<ReloadDone, _>(Vec::new()) })
    }
}

impl Served {
    pub(crate) async fn open(town: &Town) -> Self {
        let (token, _) =
            town.support.token_new("bench", Role::Admin, Asked::default()).await.unwrap();
        let desk = Data::new(Desk::new(town.support.clone(), Arc::new(Never)));
        let (store, shelf) = (town.store.clone(), town.support.shelf.clone());
        let intake = Data::new(town.intake.clone());
        let server = HttpServer::new(move || {
            App::new()
                .wrap(web::headers())
                .app_data(Data::new(store.clone()))
                .app_data(Data::new(shelf.clone()))
                .app_data(intake.clone())
                .app_data(desk.clone())
                .configure(web::routes)
        })
        .workers(1)
        .bind("127.0.0.1:0")
        .unwrap();
        let address = server.addrs()[0];
        tokio::spawn(server.run());
        Self { address, token: token.expose().to_owned(), cookie: cookie(town).await }
    }

    /// One after the other on one connection, as one person asks.
    pub(crate) async fn times(&self, page: &Page) -> Times {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nCookie: {}\r\n\r\n",
            page.path, self.token, self.cookie
        );
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
            let right = answer.starts_with("HTTP/1.1 200") && answer.contains(page.holds);
            assert!(right, "{}: {answer:.300}", page.path);
            // What takes a second need not be asked fifty times.
            if times.iter().sum::<f64>() > 10_000.0 {
                break;
            }
        }
        times.sort_unstable_by(f64::total_cmp);
        let at = |part: usize| times[(times.len() - 1) * part / 100];
        Times { p50: at(50), p95: at(95), max: at(100) }
    }
}

/// The cookie of somebody who has signed in, for pages that ask for one.
#[expect(clippy::unused_async, reason = "signing in asks the store")]
async fn cookie(_: &Town) -> String {
    String::new()
}

/// One whole answer: its head says how long it is.
async fn answer(stream: &mut TcpStream) -> String {
    let (mut bytes, mut part) = (Vec::new(), vec![0; 65_536]);
    loop {
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "the server hung up: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
        });
        if bytes.len() >= head.len() + 4 + length.unwrap_or(0) {
            return text.into_owned();
        }
    }
}
