//! Bodies that do not come: waited for in bounded time, wherever they are sent.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::databases::Database;
use crate::support::process::Vendor;

/// Long after every body that does not come is to be given up.
const PATIENCE: Duration = Duration::from_secs(40);

/// Announces a body to that address and sends none of it; the status that is answered.
fn announced(host: &str, path: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\
         Authorization: Bearer {token}\r\nContent-Length: 40\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; "HTTP/1.1 408".len()];
    stream
        .read_exact(&mut answer)
        .map_or_else(|error| error.to_string(), |()| String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_for_ever() {
    let db = Database::sqlite();
    let vendor = Vendor::new(&db);
    vendor.edit(|text| format!("{text}\n[my]\nenabled = true\n"));
    let node = vendor.serve();
    let token = vendor.run(&["token", "new", "--role", "admin", "--name", "Ann"]).stdout;
    let token = String::from_utf8(token).unwrap().trim().to_owned();
    let host = node.address.strip_prefix("http://").unwrap();
    let paths = [
        "/webhooks/stripe",
        "/fulfil/fastspring",
        "/v1/licenses/validate",
        "/core/v2/rest/licensee/x/validate",
        "/api/v1/licenses",
        "/console/sign-in",
        "/console/csp-report",
        "/my",
        "/my/in",
    ];
    std::thread::scope(|scope| {
        let asked = paths.map(|path| (path, scope.spawn(|| announced(host, path, &token))));
        for (path, answer) in asked {
            assert_eq!(answer.join().unwrap(), "HTTP/1.1 408", "{path}");
        }
    });
}
