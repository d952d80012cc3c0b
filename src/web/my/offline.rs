//! A machine without network: its request file comes in, the machine license goes out, as a text to
//! copy and as a file. Renewal goes the same way.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde::Deserialize;
use serde_json::json;

use super::My;
use super::visit::{Ask, Customer};
use crate::machines::activate::Activated;
use crate::web::app::offline::{RequestFile, license_file};
use crate::web::problem::{Code, Problem};

/// The entry of the navigation.
const HERE: &str = "offline";

#[derive(Deserialize)]
struct Carried {
    /// Pasted.
    request: Option<String>,
    /// Uploaded; it counts before what was pasted.
    file: Option<String>,
    /// `file`: the answer as a file.
    r#as: Option<String>,
}

pub(super) async fn page(my: Data<My>, customer: Customer) -> HttpResponse {
    my.page(StatusCode::OK, Some(&customer), "my/offline.html", json!({ "here": HERE }))
}

pub(super) async fn activate(my: Data<My>, ask: Ask) -> Result<HttpResponse, Problem> {
    let (customer, Carried { request, file, r#as }) = ask.read()?;
    let carried = file.or(request).unwrap_or_default();
    let problem = match my.activated(&customer, &carried).await {
        Ok(done) if r#as.as_deref() == Some("file") => return Ok(license_file(&done.license)),
        Ok(done) => {
            let facts = json!({
                "here": HERE,
                "license": done.license,
                "expires_at": done.expires_at,
                // By which the same answer can be had as a file: the same machine keeps its seat.
                "request": carried,
            });
            return Ok(my.page(StatusCode::OK, Some(&customer), "my/offline.html", facts));
        }
        Err(problem) => problem,
    };
    let facts = json!({ "here": HERE, "message": told(&problem), "request": carried });
    Ok(my.page(problem.code().status(), Some(&customer), "my/offline.html", facts))
}

impl My {
    async fn activated(&self, customer: &Customer, carried: &str) -> Result<Activated, Problem> {
        let RequestFile { key, machine, nonce } = RequestFile::read(carried.as_bytes())?;
        self.support.my_key(&customer.email, &key.wanted()).await?;
        Ok(self.machines.activate(&key, machine, nonce).await?)
    }
}

/// The API's words speak to those who write programs.
fn told(problem: &Problem) -> String {
    match problem.code() {
        Code::Malformed | Code::InvalidField | Code::UnknownField => {
            "That is no request file. Choose the file that the application wrote on the machine \
             without network, or paste all of its text."
                .to_owned()
        }
        Code::UnknownLicense | Code::UnknownKey => {
            "The key in this request is none of your licenses. Enter one of your keys in the \
             application, and let it write the request again."
                .to_owned()
        }
        _ => format!("That is not possible: {}.", problem.detail()),
    }
}
