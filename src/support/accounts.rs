//! Accounts: how each connection to a provider stands, what it lacks, and that it was tried out.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use super::attention::Attention;
use super::figures::AccountFigures;
use super::{Asked, Failure, Support};
use crate::books::Books;
use crate::config::Account;
use crate::trigger::drill::LeadsTo;

/// A configured account, and how it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountView {
    pub name: String,
    /// Of provider, and its own name.
    pub kind: &'static str,
    pub title: &'static str,
    /// `live` or `test`.
    pub mode: &'static str,
    /// `email`, `response` or `both`.
    pub deliver: &'static str,
    /// Where the provider posts its events to.
    pub webhooks: String,
    /// Where it asks for keys, if it does.
    pub fulfil: Option<String>,
    /// What stands on its order lines and is mapped to something.
    pub items: usize,
    /// What is allowed and yet worth a word, a sentence each.
    pub warnings: Vec<String>,
    /// `None`: nothing ever came from it.
    pub last_event_at: Option<DateTime<Utc>>,
    pub last_day: i64,
    pub last_week: i64,
    /// Events that stand failed now.
    pub failed: usize,
    /// There are more: counting stopped there.
    pub failed_more: bool,
    /// So many days without an event would still be usual, and it has been silent for longer.
    pub silent_usual_days: Option<i64>,
}

/// An account with everything that can be told of it. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountWhole {
    #[serde(flatten)]
    pub account: AccountView,
    /// How its provider signs, in a few words.
    pub scheme: &'static str,
    /// Event types that lead to something.
    pub events: &'static [&'static str],
    /// How many secrets are tried.
    pub secrets: usize,
    pub tolerance_s: i64,
    pub settings: Vec<SettingView>,
    pub mapped: Vec<MappedView>,
    /// The set-up guide of its kind, Markdown.
    pub guide: &'static str,
}

/// What its kind can be told beside its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingView {
    pub name: &'static str,
    pub help: &'static str,
    pub is_set: bool,
}

/// What stands on an order line, and what it gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappedView {
    pub item: String,
    /// None: it is known, and nothing of ours.
    pub products: Vec<String>,
}

impl Support {
    /// All configured accounts, by name.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn account_list(&self) -> Result<Vec<AccountView>, Failure> {
        let (figures, attention) = (self.account_figures().await?, self.attention().await?);
        let books = self.shelf.now();
        let accounts = books.config.accounts.values();
        Ok(accounts.map(|account| view(&books, account, &figures, &attention)).collect())
    }

    /// One account; `None` where none of that name is configured.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn account(&self, name: &str) -> Result<Option<AccountWhole>, Failure> {
        let books = self.shelf.now();
        let Some(account) = books.account(name) else { return Ok(None) };
        let (figures, attention) = (self.account_figures().await?, self.attention().await?);
        Ok(Some(whole(&books, account, &figures, &attention)))
    }

    /// Writes down that somebody sends the account a test event.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn account_tested(
        &self,
        name: &str,
        leads_to: LeadsTo,
        asked: Asked,
    ) -> Result<(), Failure> {
        let (now, subject) = (self.clock.now(), format!("account:{name}"));
        let detail = json!({ "leads_to": leads_to.as_str() });
        self.write("account tested", move |tx| {
            let entry = asked.note(subject.clone(), "test_event_sent", detail.clone(), now);
            tx.history_append(&entry)?;
            Ok(())
        })
        .await
    }
}

fn view(
    books: &Books,
    account: &Account,
    figures: &[AccountFigures],
    attention: &Attention,
) -> AccountView {
    let (config, name, facts) = (&books.config, &account.name, account.provider.facts());
    let address = |inlet: &str| config.server.public_url.join(&format!("/{inlet}/{name}"));
    let figures = figures.iter().find(|one| one.account == *name);
    let failed = attention.failed.iter().filter(|open| open.account == *name);
    let silent = attention.silent.iter().find(|one| one.account == *name);
    AccountView {
        name: name.clone(),
        kind: facts.kind,
        title: facts.title,
        mode: account.mode.as_str(),
        deliver: account.deliver.as_str(),
        webhooks: address("webhooks"),
        fulfil: account.deliver.in_answer().then(|| address("fulfil")),
        items: config.catalogue.items.get(name).map_or(0, |items| items.len()),
        warnings: config.warnings_of(account),
        last_event_at: figures.and_then(|one| one.last_event_at),
        last_day: figures.map_or(0, |one| one.last_day),
        last_week: figures.map_or(0, |one| one.last_week),
        failed: failed.clone().map(|open| open.count.count).sum(),
        failed_more: failed.clone().any(|open| open.count.more),
        silent_usual_days: silent.map(|one| one.usual_days),
    }
}

fn whole(
    books: &Books,
    account: &Account,
    figures: &[AccountFigures],
    attention: &Attention,
) -> AccountWhole {
    let (facts, credentials) = (account.provider.facts(), &account.credentials);
    let settings = facts.settings.iter().map(|setting| SettingView {
        name: setting.name,
        help: setting.help,
        is_set: credentials.settings.contains_key(setting.name)
            || credentials.keys.contains_key(setting.name),
    });
    let items = books.config.catalogue.items.get(&account.name);
    let mapped = items.into_iter().flatten().map(|(item, offer)| MappedView {
        item: item.clone(),
        products: offer.iter().map(|product| product.id.clone()).collect(),
    });
    AccountWhole {
        account: view(books, account, figures, attention),
        scheme: facts.scheme,
        events: facts.events,
        secrets: credentials.secrets.len(),
        tolerance_s: credentials.tolerance.num_seconds(),
        settings: settings.collect(),
        mapped: mapped.collect(),
        guide: facts.guide,
    }
}
