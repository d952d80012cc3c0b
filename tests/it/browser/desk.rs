//! What every story in a browser begins with: a vendor's machine, a node, a person in front of it.

use std::path::PathBuf;

use keywright_providers::sample::Sample;

use crate::support::browser::Browser;
use crate::support::databases::Database;
use crate::support::process::{Node, Vendor, settled};

pub(super) struct Desk<'a> {
    pub(super) vendor: Vendor<'a>,
    pub(super) node: Node,
    pub(super) browser: Browser,
    pub(super) admin: String,
}

/// What was sold so far is no product any more.
pub(super) fn unmap(vendor: &Vendor<'_>) {
    vendor.edit(|text| text.replace("\"stripe-item\" = \"acme-pro\"", "\"other\" = \"acme-pro\""));
}

/// The way back from [`unmap`].
pub(super) fn map_again(vendor: &Vendor<'_>) {
    vendor.edit(|text| text.replace("\"other\" = \"acme-pro\"", "\"stripe-item\" = \"acme-pro\""));
}

impl<'a> Desk<'a> {
    pub(super) async fn open(db: &'a Database) -> Self {
        Self::with(Vendor::new(db)).await
    }

    /// Of a vendor who has changed his configuration.
    pub(super) async fn with(vendor: Vendor<'a>) -> Self {
        // Cookies that go by https alone would never come back on this machine.
        vendor.edit(|text| text.replace("https://licenses.acme.example", "http://127.0.0.1"));
        let node = vendor.serve();
        let made = vendor.run(&["token", "new", "--role", "admin", "--name", "Ann"]);
        let admin = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        let browser = Browser::open(&node.address).await;
        Self { vendor, node, browser, admin }
    }

    /// The provider tells of it, and all that was told is applied and mailed.
    pub(super) async fn told(&self, samples: &[Sample]) {
        for sample in samples {
            assert_eq!(self.node.send("stripe", sample).await.status, 200);
        }
        settled(&self.vendor.store()).await;
    }

    /// A picture for the README, where somebody asked for them.
    pub(super) async fn picture(&self, name: &str) {
        if let Some(folder) = std::env::var_os("KEYWRIGHT_SCREENSHOTS") {
            let file = PathBuf::from(folder).join(format!("{name}.png"));
            self.browser.picture(&file).await;
        }
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
