//! What every rule is applied with: the configuration and the signing keys of this moment,
//! swapped as a whole.

use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;

use crate::config::{Account, Config, Deliver};
use crate::keyring::Keyring;
use crate::rules::acts::SUPPORT;
use crate::rules::key::{Identity, Seed};
use crate::rules::product::{KeyFormat, Product};
use crate::rules::proof;

/// One state of configuration and keys.
#[derive(Debug)]
pub struct Books {
    pub config: Config,
    pub keyring: Keyring,
    seed: Seed,
}

/// What a signed activation key says.
#[derive(Serialize)]
struct SignedKey<'a> {
    sub: &'a str,
    product: &'a str,
    features: &'a [String],
}

impl Books {
    #[must_use]
    pub fn new(config: Config, keyring: Keyring) -> Self {
        let seed = Seed::new(*keyring.seed());
        Self { config, keyring, seed }
    }

    /// The configured account of that name; `None` for support's own, too.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.config.accounts.get(name)
    }

    /// Do we owe customers of this account a mail? (What support gives always comes by mail.)
    #[must_use]
    pub fn by_mail(&self, account: &str) -> bool {
        account == SUPPORT
            || self.account(account).is_some_and(|account| match account.deliver {
                Deliver::Email | Deliver::Both => true,
                Deliver::Response => false,
            })
    }

    /// What somebody is called where his name must not stand; only this service can make it.
    #[must_use]
    pub fn pseudonym(&self, of: &str, who: &str) -> String {
        self.seed.pseudonym(of, who)
    }

    /// The names under which a machine's and a customer's one trial of a product are known.
    #[must_use]
    pub fn trial_name(&self, product: &str, of: &str, who: &str) -> String {
        format!("trial/{product}/{}", self.seed.pseudonym(&format!("trial {of} {product}"), who))
    }

    /// What a link to the customer's page says, by the name that stands in its mail's row: without
    /// the seed nobody can compute it, not even who reads the database.
    #[must_use]
    pub fn link_secret(&self, name: &str) -> String {
        self.seed.pseudonym("customer link", name)
    }

    /// The id and the key of a new license.
    #[must_use]
    pub fn name(&self, identity: &Identity<'_>, product: &Product) -> (String, String) {
        let id = identity.id(&self.seed);
        let key = match product.key_format {
            KeyFormat::Short => identity.short_key(&self.seed, &product.key_prefix),
            KeyFormat::Signed => {
                let claims =
                    SignedKey { sub: &id, product: &product.id, features: &product.features };
                let token = proof::sign(
                    self.keyring.signing_key(),
                    self.keyring.kid(),
                    proof::ACTIVATION_KEY,
                    &claims,
                );
                format!("{}-{token}", product.key_prefix)
            }
        };
        (id, key)
    }
}

/// The books of this moment, for everyone; reload swaps them.
#[derive(Debug, Clone)]
pub struct Shelf(Arc<RwLock<Arc<Books>>>);

impl Shelf {
    #[must_use]
    pub fn new(books: Books) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(books))))
    }

    /// The books as they stand now; later swaps do not change them.
    #[must_use]
    pub fn now(&self) -> Arc<Books> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in their place, whole; returns those that stood there.
    pub fn swap(&self, books: impl Into<Arc<Books>>) -> Arc<Books> {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *shelf, books.into())
    }
}
