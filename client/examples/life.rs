//! The life of a machine license against a running server:
//!
//! ```text
//! cargo run -p keywright-client --example life -- http://127.0.0.1:8080 ACME-XXXXX-... [product]
//! ```
//!
//! A real application embeds the public keys (`include_str!`) and keeps its folder between runs;
//! this one fetches them and begins anew each time.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::process::ExitCode;

use keywright_client::{Application, Fault, Status, fingerprint};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(server), Some(key)) = (arguments.next(), arguments.next()) else {
        println!("usage: life SERVER KEY [PRODUCT]");
        return ExitCode::from(2);
    };
    let product = arguments.next().unwrap_or_else(|| "acme-pro".to_owned());
    match live(&server, &key, &product) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn live(server: &str, key: &str, product: &str) -> Result<(), Box<dyn std::error::Error>> {
    let keys = ureq::get(format!("{server}/v1/keys")).call()?.body_mut().read_to_string()?;
    // A machine that nobody has seen, so that the example can run twice.
    let machine = format!("{:016x}", RandomState::new().hash_one(product));
    let folder = std::env::temp_dir().join(format!("keywright-life-{machine}"));
    let start = || {
        Application::builder(server, product)
            .keys(&keys)
            .fingerprint(&fingerprint(product, &[&machine]))
            .folder(&folder)
            .version("1.0.0", "2026-11-15")
            .machine_name("example")
            .build()
    };

    let application = start()?;
    tell("first start", &application.check());
    tell("activated", &application.activate(key)?);
    tell("started again, offline", &start()?.check());
    tell("nothing is due", &application.refresh_if_due()?);
    tell("refreshed", &application.refresh()?);

    let request = application.offline_request(key)?;
    println!("{:<24}{request:.60}...", "offline request");
    let answer = ureq::post(format!("{server}/v1/licenses/offline"))
        .content_type("text/plain")
        .send(&request)?
        .body_mut()
        .read_to_string()?;
    tell("offline answer", &application.offline_answer(&answer)?);

    match application.activate("ACME-00000-00000-00000-00000-00000") {
        Err(Fault::Denied(denial)) => println!("{:<24}{denial}", "a wrong key"),
        other => return Err(format!("a wrong key gave {other:?}").into()),
    }
    application.deactivate()?;
    tell("deactivated", &start()?.check());
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn tell(when: &str, status: &Status) {
    let said = match status {
        Status::Valid(license) => {
            let end = license.expires_at.map_or("never".to_owned(), |end| end.to_string());
            format!(
                "valid: {}, expires {end}, without network until {}, sequence {}",
                license.product, license.offline_until, license.sequence
            )
        }
        Status::Refused { reason, .. } => format!("{}: {reason}", reason.as_str()),
        Status::Withdrawn(denial) => format!("withdrawn: {denial}"),
        Status::Unreadable(fault) => format!("unreadable: {fault}"),
        Status::Missing => "missing: no key was entered here".to_owned(),
    };
    println!("{when:<24}{said}");
}
