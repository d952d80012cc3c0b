//! What an office has in writing: its catalogue, one account, and how they are changed.

use std::sync::{Arc, Mutex};

use keywright::books::Books;
use keywright::config::Config;
use keywright::keyring::Keyring;
use keywright::support::{Asked, Support};
use keywright::web::support::reload::{NotReloaded, Reload, ReloadDone, Reloading};
use keywright_providers::{Handle, Provider};
use serde_json::json;
use tempfile::TempDir;

use super::Office;

const CATALOGUE: &str = r#"
[server]
public_url = "https://licenses.acme.example"
trusted_proxies = ["10.0.0.1"]

[mail]
from = "Acme Licensing <licenses@acme.example>"

[products.acme-pro]
name = "Acme Pro"
interval = "P1Y"
max_activations = 2
key_prefix = "ACME"

[products.acme-ever]
name = "Acme for ever"

[products.acme-2027]
expires_at = "2027-12-31T23:59:59Z"

[products.acme-suite]
bundle = ["acme-pro", "acme-ever"]

[providers.shop]
kind = "stripe"
secrets = ["whsec_office_office_office_1"]
[providers.shop.products]
"price_pro" = "acme-pro"
"#;

/// A configuration that is faulty, until somebody mends it.
pub(super) struct Paper {
    support: Support,
    mended: Mutex<Option<Books>>,
}

impl Paper {
    pub(super) fn new(support: Support) -> Self {
        Self { support, mended: Mutex::default() }
    }
}

impl Reload for Paper {
    fn reload(&self, asked: Asked) -> Reloading<'_> {
        Box::pin(async {
            let Some(books) = self.mended.lock().unwrap().take() else {
                let fault = "keywright.toml: products: is empty".to_owned();
                return Err(NotReloaded::Faulty(vec![fault]));
            };
            let (accounts, products) =
                (books.config.accounts.len(), books.config.catalogue.products.len());
            self.support.shelf.swap(books);
            let replayed = self.support.event_replay_unmapped(asked).await.unwrap();
            Ok(ReloadDone { accounts, products, replayed, warnings: Vec::new() })
        })
    }
}

impl Office {
    /// Adds to the configuration, as a reload does.
    pub(crate) fn configure(&self, more: &str) {
        self.support.shelf.swap(books(&self.folder, &self.address, more));
    }

    /// Behind that account stands another provider now.
    pub(crate) fn served_by(&self, account: &str, provider: Arc<dyn Provider>) {
        let mut config = self.support.shelf.now().config.clone();
        config.accounts.get_mut(account).unwrap().provider = Handle::Described(provider);
        self.support.shelf.swap(Books::new(config, keyring(&self.folder)));
    }

    /// Writes the same into the file; the next reload finds it.
    pub(crate) fn mend(&self, more: &str) {
        *self.paper.mended.lock().unwrap() = Some(books(&self.folder, &self.address, more));
    }

    /// The configuration with one text in it in place of another, as a reload does.
    pub(crate) fn configure_with(&self, from: &str, to: &str) {
        let text = CATALOGUE.replacen(from, to, 1);
        assert_ne!(text, CATALOGUE, "{from} stands in it");
        self.support.shelf.swap(books_of(&self.folder, &self.address, &text));
    }
}

pub(super) fn books(folder: &TempDir, address: &str, more: &str) -> Books {
    books_of(folder, address, &format!("{CATALOGUE}{more}"))
}

fn books_of(folder: &TempDir, address: &str, text: &str) -> Books {
    let file = folder.path().join("keywright.toml");
    let text = format!("{text}\n[database]\nurl = {}\n", json!(address));
    std::fs::write(&file, text).unwrap();
    let config = Config::load_with(&file, []).unwrap();
    Books::new(config, keyring(folder))
}

fn keyring(folder: &TempDir) -> Keyring {
    Keyring::open_or_create(&folder.path().join("signing.pem"), true, &[7; 64]).unwrap()
}
