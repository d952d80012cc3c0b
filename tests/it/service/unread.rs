//! Requests that are answered before their end: their connections do not stay.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::databases::Database;
use crate::support::process::{Node, Vendor};

/// Sends these bytes and no more; the answer, once the connection is closed.
fn closed_with(node: &Node, bytes: &str) -> String {
    let mut stream = TcpStream::connect(node.address.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("closed, and not waited for");
    answer
}

/// The head, and the first of who knows how many chunks.
fn chunked(line: &str, headers: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n{headers}\r\n1\r\na\r\n")
}

#[tokio::test]
async fn a_chunked_body_that_nobody_wants_is_not_waited_for() {
    let db = Database::sqlite();
    let vendor = Vendor::new(&db);
    let node = vendor.serve();
    for (line, headers, status) in [
        ("POST /webhooks/nope", "", "404"),
        ("PUT /webhooks/stripe", "", "405"),
        ("POST /webhooks/stripe", "Content-Encoding: br\r\n", "415"),
        ("POST /nowhere", "", "404"),
        ("GET /healthz", "", "200"),
    ] {
        let answer = closed_with(&node, &chunked(line, headers));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{line}: {answer}");
    }
    assert!(node.terminate());
}
