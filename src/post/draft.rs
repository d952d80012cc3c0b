//! A row of the outbox becomes a message.

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::notice::Customer;
use serde::Deserialize;

use super::done::End;
use super::settings::Settings;
use crate::mailer::{Draft, compose};
use crate::rules::acts::SUPPORT;
use crate::rules::digest::Digest;
use crate::rules::letter::{LINK_LASTS, Letter, LetterData, LinkData, Matter, Template};
use crate::rules::license::Flag;
use crate::rules::remind::ends;
use crate::store::rows::{LicenseRow, MailRow};
use crate::store::types::LicenseState;
use crate::store::{self, StoreError, Tx};

/// A claimed mail, looked at.
pub(super) enum Prepared {
    /// To this address, these bytes; the same at every try.
    Ready { to: String, bytes: Vec<u8> },
    /// It does not go out, and that is written down.
    Over(End),
}

/// What a mail's own data may tell.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    /// Of a reminder: the end that it tells of.
    expires_at: Option<DateTime<Utc>>,
    previous_expires_at: Option<DateTime<Utc>>,
}

/// What the row of a link to the customer's page has.
#[derive(Debug, Deserialize)]
struct Named {
    /// What the link's secret is computed from.
    name: String,
}

/// Looks whether the mail is still to go out; renders it at the first try, and fixes its bytes.
pub(super) fn prepare(
    tx: &mut Tx<'_>,
    mail: &MailRow,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Prepared, StoreError> {
    if let Some(reason) = gone(tx, mail, now)? {
        tx.outbox_cancel(mail.id, mail.fence, &reason)?;
        return Ok(Prepared::Over(End::Canceled));
    }
    let to = mail.recipient.clone().unwrap_or_default();
    if let Some(bytes) = &mail.message {
        return Ok(Prepared::Ready { to, bytes: bytes.clone() });
    }
    match render(tx, mail, &to, settings)? {
        Ok(bytes) => {
            let bytes = match Template::by_name(&mail.template).is_none_or(Template::is_kept) {
                true => tx.outbox_message(mail.id, mail.fence, &bytes)?,
                // The same at every try all the same: the row says all that is in it.
                false => bytes,
            };
            Ok(Prepared::Ready { to, bytes })
        }
        Err(reason) => {
            tx.outbox_failed(mail.id, mail.fence, &reason)?;
            Ok(Prepared::Over(End::Failed))
        }
    }
}

/// Why the mail is not to go out any more, if so.
pub(super) fn gone(
    tx: &mut Tx<'_>,
    mail: &MailRow,
    now: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    let template = Template::by_name(&mail.template);
    if template == Some(Template::MyLink) {
        let over = now >= mail.created_at + LINK_LASTS;
        return Ok(over.then(|| "not sent: its link was over before the mail went out".to_owned()));
    }
    let Some(id) = &mail.license_id else { return Ok(None) };
    let Some(license) = tx.license_by_id(id)? else { return Ok(None) };
    if let Some(other) = &license.merged_into {
        return Ok(Some(format!("not sent: the license became part of {other}")));
    }
    let revoked = license.state == LicenseState::Revoked;
    let reason = match template {
        Some(Template::Revoked) if revoked => None,
        Some(Template::Revoked) => Some("the license was reinstated"),
        _ if revoked => Some("the license was revoked"),
        Some(Template::Remind) => end_moved(&license, mail, now)?,
        Some(Template::PaymentFailed) if flags(&license)?.contains(&Flag::PastDue) => None,
        Some(Template::PaymentFailed) => Some("the payment arrived"),
        Some(Template::Renewed) if taken_back(&license, mail)? => {
            Some("the renewal was taken back")
        }
        Some(Template::Issued) if is_long_over(&license, mail) => Some("the license was long over"),
        Some(Template::Issued | Template::Renewed | Template::Alert | Template::MyLink) | None => {
            None
        }
    };
    Ok(reason.map(|reason| format!("not sent: {reason} before the mail went out")))
}

/// Was the license of an old order, which is told of only now? Its key is of no use to anybody.
fn is_long_over(license: &LicenseRow, mail: &MailRow) -> bool {
    const LONG: TimeDelta = TimeDelta::days(30);
    license.valid_until.is_some_and(|end| mail.created_at - end > LONG)
}

/// Does the license end no later than before the renewal that the letter tells of?
fn taken_back(license: &LicenseRow, mail: &MailRow) -> Result<bool, StoreError> {
    let before = told(mail)?.previous_expires_at;
    Ok(before.is_some_and(|before| license.expires_at.is_some_and(|end| end <= before)))
}

/// Why a reminder is beside the point now, if so.
fn end_moved(
    license: &LicenseRow,
    mail: &MailRow,
    now: DateTime<Utc>,
) -> Result<Option<&'static str>, StoreError> {
    let told = told(mail)?;
    let ends = ends(&flags(license)?, license.subscription_ref.is_some());
    Ok(if license.state != LicenseState::Active {
        Some("the license was suspended")
    } else if license.expires_at != told.expires_at {
        Some("the expiry moved")
    } else if !ends {
        Some("the subscription renews again")
    } else if license.expires_at.is_some_and(|end| end <= now) {
        Some("the license ended")
    } else {
        None
    })
}

/// The whole message; or why there can be none, for support.
pub(super) fn render(
    tx: &mut Tx<'_>,
    mail: &MailRow,
    to: &str,
    settings: &Settings,
) -> Result<Result<Vec<u8>, String>, StoreError> {
    let Some(template) = Template::by_name(&mail.template) else {
        return Ok(Err(format!("there is no letter named {}", mail.template)));
    };
    let Some(matter) = matter(tx, mail, template, settings)? else {
        return Ok(Err("the license that it tells of is not there".to_owned()));
    };
    let letter = settings.letters.write(template, mail.locale.as_deref(), &matter);
    Ok(letter
        .map_err(|bad| bad.to_string())
        .and_then(|letter| enveloped(mail, to, &letter, settings)))
}

/// What the letter tells of; `None`: it is gone.
fn matter(
    tx: &mut Tx<'_>,
    mail: &MailRow,
    template: Template,
    settings: &Settings,
) -> Result<Option<Matter>, StoreError> {
    if template == Template::Alert {
        return Ok(Some(Matter::Alert(Digest {
            told: store::json(&mail.data, "outbox.data", mail.id)?,
            vendor: settings.vendor().to_owned(),
            public_url: settings.public_url.clone(),
        })));
    }
    if template == Template::MyLink {
        return link(mail, settings).map(Matter::Link).map(Some);
    }
    let license = match &mail.license_id {
        Some(id) => tx.license_by_id(id)?,
        None => None,
    };
    let data = license.map(|license| letter_data(&license, mail, settings)).transpose()?;
    Ok(data.map(Matter::from))
}

fn enveloped(
    mail: &MailRow,
    to: &str,
    letter: &Letter,
    settings: &Settings,
) -> Result<Vec<u8>, String> {
    let draft = Draft {
        from: &settings.from,
        reply_to: settings.reply_to.as_ref(),
        to,
        message_id: &mail.message_id,
        dated_at: mail.dated_at,
        letter,
    };
    compose(&draft).map_err(|reason| reason.to_string())
}

fn link(mail: &MailRow, settings: &Settings) -> Result<LinkData, StoreError> {
    let Named { name } = store::json(&mail.data, "outbox.data", mail.id)?;
    let secret = (settings.links)(&name);
    Ok(LinkData {
        link: format!("{}/my/in?link={secret}", settings.public_url),
        vendor: settings.vendor().to_owned(),
        support: settings.support.clone(),
        public_url: settings.public_url.clone(),
    })
}

fn letter_data(
    license: &LicenseRow,
    mail: &MailRow,
    settings: &Settings,
) -> Result<LetterData, StoreError> {
    let customer: Customer = store::json(&license.customer, "licenses.customer", &license.id)?;
    let features: Vec<String> = store::json(&license.features, "licenses.features", &license.id)?;
    let (flags, told) = (flags(license)?, told(mail)?);
    // What was given here, by support or as a trial, has a name of ours that tells its holder nothing.
    let order = license.order_ref.as_deref().filter(|_| license.account != SUPPORT);
    Ok(LetterData {
        product: settings.product_name(&license.product),
        key: license.key.clone(),
        starts_at: license.starts_at,
        expires_at: license.expires_at,
        previous_expires_at: told.previous_expires_at,
        pending: license.state == LicenseState::Pending,
        trial: flags.contains(&Flag::Trial),
        refunded: flags.contains(&Flag::Refunded),
        max_activations: u32::try_from(license.max_activations).unwrap_or_default(),
        quantity: u32::try_from(license.quantity).unwrap_or_default(),
        features,
        customer: customer.name,
        company: customer.company,
        order: order.map(|order| order.strip_prefix("order:").unwrap_or(order).to_owned()),
        vendor: settings.vendor().to_owned(),
        support: settings.support.clone(),
        public_url: settings.public_url.clone(),
    })
}

fn flags(license: &LicenseRow) -> Result<Vec<Flag>, StoreError> {
    store::json(&license.flags, "licenses.flags", &license.id)
}

fn told(mail: &MailRow) -> Result<Told, StoreError> {
    store::json(&mail.data, "outbox.data", mail.id)
}
