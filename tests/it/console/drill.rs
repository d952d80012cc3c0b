//! A test event at a button, in the running program: it is posted to the service itself.

use keywright::store::types::EventStatus;
use keywright::trigger::drill::{LeadsTo, drill};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};

use crate::support::databases::Database;
use crate::support::process::{Node, Vendor, events, licenses, now, settled};

/// Somebody who is signed in at the running program.
struct Clerk {
    client: reqwest::Client,
    address: String,
    cookie: String,
}

impl Clerk {
    async fn signed_in(node: &Node, token: &str) -> Self {
        // A sender brings the TLS that every client wants, also where there is none to speak.
        let _ = node.sender();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let mut clerk = Self {
            client: client.build().unwrap(),
            address: node.address.clone(),
            cookie: String::new(),
        };
        let answer = clerk.post("/console/sign-in", format!("token={token}")).await;
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        clerk.cookie = cookie.split(';').next().unwrap().to_owned();
        clerk
    }

    async fn post(&self, path: &str, body: String) -> reqwest::Response {
        let request = self.client.post(format!("{}{path}", self.address)).body(body);
        let request = request.header(ORIGIN, &self.address).header(COOKIE, &self.cookie);
        request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap()
    }

    async fn page(&self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.address));
        request.header(COOKIE, &self.cookie).send().await.unwrap().text().await.unwrap()
    }

    /// Sends the form of the account's page; where it leads.
    async fn tests(&self, account: &str, more: &str) -> Result<String, (u16, String)> {
        let path = format!("/console/providers/{account}");
        let page = self.page(&path).await;
        let token = page.split("name=\"form\" value=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap();
        let answer = self.post(&format!("{path}/test"), format!("form={token}{more}")).await;
        match answer.headers().get(LOCATION) {
            Some(to) => Ok(to.to_str().unwrap().to_owned()),
            None => Err((answer.status().as_u16(), answer.text().await.unwrap())),
        }
    }
}

on_both! {
    async fn every_account_can_be_tried_out_and_nothing_comes_of_it(db: Database) {
        let vendor = Vendor::new(&db);
        let node = vendor.serve();
        let store = vendor.store();
        let token = vendor.run(&["token", "new", "--role", "admin", "--name", "boss"]);
        let token = String::from_utf8(token.stdout).unwrap();
        let clerk = Clerk::signed_in(&node, token.trim()).await;

        let config = vendor.config();
        let (mut ignored, mut counting) = (0, None);
        for (name, account) in &config.accounts {
            let drill = drill(account, &config.catalogue, "0", "licenses@acme.example", now());
            match drill.unwrap_or_else(|why| panic!("{name}: {why}")).leads_to {
                LeadsTo::Nothing => {
                    let to = clerk.tests(name, "").await.unwrap();
                    let (begin, events) = to.split_once("&events=").unwrap();
                    let led = format!("/console/providers/{name}?done=tested&answer=2");
                    assert!(begin.starts_with(&led) && !events.is_empty(), "{name}: {to}");
                    let page = clerk.page(&to).await;
                    assert!(page.contains("The test event was answered 2"), "{name}");
                    for id in events.split(',') {
                        assert!(page.contains(&format!("\"/console/events/{id}\"")), "{name}");
                        ignored += 1;
                    }
                }
                LeadsTo::License => counting = Some(name.as_str()),
                // No provider is there to be asked.
                LeadsTo::Question => {}
            }
        }
        settled(&store).await;
        let all = events(&store, EventStatus::Ignored).await;
        assert_eq!(all.len(), ignored, "each of them is led to");
        assert!(all.iter().all(|(_, reason)| reason.as_deref() == Some("other_mode")), "{all:?}");
        let none = licenses(&store, "licenses@acme.example").await;
        assert!(none.is_empty() && ignored > 20, "{none:?}, {ignored}");

        // One that counts is sent only by whoever says that he knows.
        let name = counting.unwrap();
        let (status, page) = clerk.tests(name, "").await.unwrap_err();
        assert_eq!(status, 422);
        assert!(page.contains("tick that you want it"), "{page}");
        clerk.tests(name, "&agreed=yes").await.unwrap();
        settled(&store).await;
        assert_eq!(licenses(&store, "licenses@acme.example").await.len(), 1, "{name}");
        let audit = clerk.page(&format!("/console/audit?subject=account:{name}")).await;
        assert!(audit.contains("test event sent") && audit.contains("boss"), "{audit}");
    }
}
