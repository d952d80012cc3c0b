//! The customer's own page, as a customer uses it: with a browser, and a mailbox.

mod acts;
mod offline;
mod way;

use std::path::PathBuf;

use actix_web::http::Method;
use keywright::post::Done;
use keywright::store::rows::{MailFilter, MailRow};

use crate::support::office::{Answer, Call, Office};
use crate::support::tab::Tab;

/// What browsers call the site.
const SITE: &str = "https://licenses.acme.example";

/// What the postman of an office brings to its customers.
struct Mailbox<'a> {
    office: &'a Office,
}

impl<'a> Mailbox<'a> {
    fn of(office: &'a Office) -> Self {
        Self { office }
    }

    /// Whoever asked is looked up, and all that is owed goes out.
    async fn brings(&self) -> Done {
        self.office.links.run_once().await;
        self.office.post.run_once().await.unwrap()
    }

    /// The letters with a link, newest first.
    async fn links(&self) -> Vec<MailRow> {
        let all = self.mails().await.into_iter();
        all.filter(|mail| mail.template == "my_link").collect()
    }

    /// All mail that was ever owed, newest first.
    async fn mails(&self) -> Vec<MailRow> {
        let list =
            |tx: &mut keywright::store::Tx<'_>| tx.outbox_list(&MailFilter::default(), None, 1_000);
        let mut mails = self.office.support.store.read("mails", list).await.unwrap();
        mails.sort_by_key(|mail| std::cmp::Reverse(mail.id));
        mails
    }

    fn file(&self, mail: &MailRow) -> PathBuf {
        self.office.mail_file(&mail.message_id)
    }

    /// The path of the newest link that was brought.
    async fn newest(&self) -> String {
        let mails = self.links().await;
        let letter = std::fs::read_to_string(self.file(&mails[0])).unwrap();
        // As quoted-printable has it.
        let letter = letter.replace("=\r\n", "").replace("=3D", "=");
        let line = letter.lines().find_map(|line| line.trim().strip_prefix(SITE));
        line.unwrap_or_else(|| panic!("no link in {letter}")).to_owned()
    }

    /// Somebody enters his address, and looks into his mail.
    async fn link_for(&self, email: &str) -> String {
        asks(self.office, email).await;
        self.brings().await;
        self.newest().await
    }

    /// A browser in which the owner of this address is signed in.
    async fn signed_in(&self, email: &str) -> Tab<'a> {
        let link = self.link_for(email).await;
        let mut tab = Tab::new(self.office);
        tab.open(&link).await;
        tab.send("Continue", &[]).await;
        assert_eq!(
            (tab.page.status, tab.page.address.as_str()),
            (200, "/my"),
            "{}",
            tab.page.text()
        );
        tab
    }
}

/// Enters an address on the page of whoever is not signed in.
async fn asks<'a>(office: &'a Office, email: &str) -> Tab<'a> {
    let mut tab = Tab::new(office);
    tab.open("/my").await;
    tab.send("Send me a link", &[("email", email)]).await;
    tab
}

/// What another site, or a program, sends with the cookies of this browser.
async fn sent_by(tab: &Tab<'_>, office: &Office, origin: &str, path: &str, body: &str) -> Answer {
    let call = Call::at(Method::POST, path).header("cookie", &tab.cookie());
    let call = call.header("origin", origin);
    let call = call.header("content-type", "application/x-www-form-urlencoded");
    office.visit(call.with_bytes(body.as_bytes())).await
}
