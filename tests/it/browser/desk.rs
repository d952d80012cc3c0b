//! What every story in a browser begins with: a vendor's machine, a node, a person in front of it.

use crate::support::browser::Browser;
use crate::support::databases::Database;
use crate::support::process::{Node, Vendor};

pub(super) struct Desk<'a> {
    pub(super) vendor: Vendor<'a>,
    pub(super) node: Node,
    pub(super) browser: Browser,
    pub(super) admin: String,
}

impl<'a> Desk<'a> {
    pub(super) async fn open(db: &'a Database) -> Self {
        let vendor = Vendor::new(db);
        // Cookies that go by https alone would never come back on this machine.
        vendor.edit(|text| text.replace("https://licenses.acme.example", "http://127.0.0.1"));
        let node = vendor.serve();
        let made = vendor.run(&["token", "new", "--role", "admin", "--name", "Ann"]);
        let admin = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        let browser = Browser::open(&node.address).await;
        Self { vendor, node, browser, admin }
    }

    /// What a page's policy forbade is reported: it must never be anything.
    pub(super) async fn close(self) {
        let figures = reqwest::get(format!("{}/metrics", self.node.address)).await.unwrap();
        let figures = figures.text().await.unwrap();
        let reports = figures.lines().find(|line| line.starts_with("keywright_csp_reports_total"));
        assert!(reports.is_none_or(|line| line.ends_with(" 0")), "{reports:?}");
        assert!(self.node.terminate());
    }
}
