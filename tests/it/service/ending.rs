//! The end of a service: in bounded time, whatever is away; and at once for whoever insists.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keywright::clock::SystemClock;
use keywright::config::Config;
use keywright::sender::Sender;
use keywright::serve::Service;
use keywright::trigger::{scene, tell};
use keywright_providers::sample::Step;
use tokio::net::TcpListener;

use crate::support::databases::Database;
use crate::support::process::{Vendor, now, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_is_silent_holds_up_no_end() {
    let (db, silent) = (Database::sqlite(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let vendor = Vendor::new(&db);
    let address = silent.local_addr().unwrap();
    vendor.edit(|text| {
        let smtp = format!("transport = \"smtp\"\nsmtp_url = \"smtp://{address}?tls=none\"");
        text.replace("transport = \"file\"", &smtp)
    });
    let file = vendor.file();
    let config = Config::load_with(&file, []).unwrap();
    let service = Service::start(config.clone(), file, Arc::new(SystemClock)).await.unwrap();
    let account = &config.accounts["stripe"];
    let told = scene(account, &config.catalogue, "ida", now()).unwrap();
    let sender = Sender::new(&format!("http://{}", service.address)).unwrap();
    for sample in
        tell(account, &told, &[Step::Purchase], now()).unwrap().into_iter().flat_map(|t| t.samples)
    {
        assert_eq!(sender.send("stripe", &sample).await.unwrap().status, 200);
    }
    // The mail is on its way.
    let _connection = silent.accept().await.unwrap();
    let begun = Instant::now();
    service.stop_within(Duration::from_millis(500)).await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn whoever_is_told_twice_to_end_ends_at_once() {
    let db = Database::sqlite();
    let vendor = Vendor::new(&db);
    let node = vendor.serve();
    let host = node.address.strip_prefix("http://").unwrap().to_owned();
    // A request whose body never comes: it would be waited for.
    let mut stream = TcpStream::connect(&host).unwrap();
    let head = format!(
        "POST /webhooks/stripe HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n\
         Expect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut taken = [0; 25];
    stream.read_exact(&mut taken).unwrap();
    assert_eq!(&taken, b"HTTP/1.1 100 Continue\r\n\r\n");
    node.tell_to_end();
    until("it takes no more calls", async || TcpStream::connect(&host).is_err()).await;
    assert!(!node.terminate(), "it says that it did not finish");
    assert!(vendor.log().contains("told to end once more"), "{}", vendor.log());
}
