//! A PostgreSQL that takes what it is sent and says nothing: nobody waits for it for ever.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keywright::store::{Options, Store, StoreError};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::support::databases::Database;

fn few() -> Options {
    let patience = Duration::from_millis(500);
    Options { pg_connections: 2, patience, ..Options::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_never_greets_cannot_be_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut taken = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            taken.push(stream);
        }
    });
    let url = format!("postgres://anna@127.0.0.1:{port}/kw").parse().unwrap();
    let begun = Instant::now();
    let opened = tokio::task::spawn_blocking(move || Store::open(&url, few()));
    let opened = tokio::time::timeout(Duration::from_secs(30), opened).await.unwrap();
    let error = opened.unwrap().unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(error.to_string().contains("said nothing"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

/// Between the service and its server: a way that ends silently for all who are on it, and is open
/// for those who come after.
async fn way(to: String, freeze: Arc<Notify>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut frozen = Vec::new();
        while let Ok((mut here, _)) = listener.accept().await {
            let mut there = TcpStream::connect(&to).await.unwrap();
            let freeze = Arc::clone(&freeze);
            frozen.push(tokio::spawn(async move {
                let frozen = tokio::select! {
                    _ = copy_bidirectional(&mut here, &mut there) => false,
                    () = freeze.notified() => true,
                };
                if frozen {
                    // Held open: whatever comes is acknowledged by the system, and read by nobody.
                    std::future::pending::<()>().await;
                }
            }));
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_falls_silent_is_given_up_for_another() {
    let db = Database::postgres().await;
    db.node().await.close().await;
    let address = db.address();
    let (_, rest) = address.split_once("://").unwrap();
    let host = rest.split(['/', '?']).next().unwrap().rsplit('@').next().unwrap().to_owned();
    let freeze = Arc::new(Notify::new());
    let port = way(host.clone(), Arc::clone(&freeze)).await;
    let url = address.replacen(&host, &format!("127.0.0.1:{port}"), 1).parse().unwrap();
    let store =
        tokio::task::spawn_blocking(move || Store::open(&url, few())).await.unwrap().unwrap();
    store.run("before", |tx| tx.meta_put("key", "before")).await.unwrap();

    freeze.notify_waiters();
    let silent = store.run("silent", |tx| tx.meta_put("key", "silent")).await.unwrap_err();
    assert!(silent.retryable(), "{silent}");
    // The one thread that writes is free again, and has another connection.
    let begun = Instant::now();
    while let Err(error) = store.run("after", |tx| tx.meta_put("key", "after")).await {
        assert!(begun.elapsed() < Duration::from_secs(20), "{error}");
    }
}
