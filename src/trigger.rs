//! Realistic signed events of one purchase's life: for `trigger`, `demo` and the tests. Pure:
//! time and the tag come from the caller.
//!
//! - [`drill`]: a test event, of which nothing comes where that can be had

pub mod drill;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::sample::{Sample, Scene, Step};
use keywright_providers::{Ask, Envelope, Event, Need, Reject};
use thiserror::Error;

use crate::config::Account;
use crate::rules::product::{Catalogue, Term};
use crate::rules::span::Interval;

/// What `trigger` is asked for: one step, or a whole life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    One(Step),
    Lifecycle,
}

/// The order of a whole life.
const LIFE: [Step; 7] = [
    Step::Purchase,
    Step::PlanChange,
    Step::PaymentFailed,
    Step::Renewal,
    Step::Cancel,
    Step::Dispute,
    Step::Refund,
];

/// One step with its events, signed.
#[derive(Debug, Clone)]
pub struct Told {
    pub step: Step,
    pub samples: Vec<Sample>,
}

/// Why no events can be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Impossible {
    #[error(
        "the account {0} maps no item to a product: add a line to [providers.{0}.products], or say \
         --set item=ITEM"
    )]
    NoItem(String),
    #[error("{kind} sends nothing for {step} here")]
    NoEvents { kind: &'static str, step: &'static str },
    #[error(
        "the account {account} would refuse what is made for {step} with its own settings \
         ({reject}): in the guide of {kind}, the section on testing says what `trigger` needs"
    )]
    Refused { account: String, kind: &'static str, step: &'static str, reject: Reject },
    #[error("--set {key}: {message}")]
    Setting { key: String, message: String },
}

impl Scenario {
    /// As the command line names it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "lifecycle" {
            return Some(Self::Lifecycle);
        }
        Step::ALL.into_iter().find(|step| step.as_str() == text).map(Self::One)
    }

    /// Every name.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        Step::ALL.into_iter().map(Step::as_str).chain(["lifecycle"]).collect()
    }

    /// The steps it takes. A step other than the purchase needs one; it comes first, unless the
    /// events are to continue a purchase made before.
    #[must_use]
    pub fn steps(self, continues: bool) -> Vec<Step> {
        match self {
            Self::Lifecycle => LIFE.to_vec(),
            Self::One(Step::Purchase) => vec![Step::Purchase],
            Self::One(step) if continues => vec![step],
            Self::One(step) => vec![Step::Purchase, step],
        }
    }
}

/// What is bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goods {
    pub item: String,
    /// What a plan change leads to.
    pub item_next: String,
    /// How long a payment covers; without an interval it is bought once.
    pub term: Option<Term>,
}

/// This item, which may be mapped to nothing; or the first one that is mapped, from which a plan
/// change leads to the second.
///
/// # Errors
/// [`Impossible::NoItem`].
pub fn goods(
    account: &Account,
    catalogue: &Catalogue,
    item: Option<&str>,
) -> Result<Goods, Impossible> {
    let items = catalogue.items.get(&account.name);
    let offers = items.into_iter().flatten().filter(|(_, offer)| !offer.is_empty());
    let mut sold = offers.map(|(item, _)| item);
    let (item, item_next) = match item {
        Some(item) => (item.to_owned(), item.to_owned()),
        None => {
            let none = || Impossible::NoItem(account.name.clone());
            let first = sold.next().ok_or_else(none)?;
            (first.clone(), sold.next().unwrap_or(first).clone())
        }
    };
    let offer = items.and_then(|items| items.get(&item));
    let term = offer.and_then(|offer| offer.first()).map(|product| product.term);
    Ok(Goods { item, item_next, term })
}

impl Goods {
    fn interval(&self) -> Interval {
        match self.term {
            Some(Term::Interval(interval)) => interval,
            Some(Term::Perpetual | Term::Until(_)) | None => Interval::months(12),
        }
    }

    /// When a purchase was made of which these steps are told now: one interval ago where it is
    /// renewed now, else just now.
    #[must_use]
    pub fn bought_at(&self, steps: &[Step], now: DateTime<Utc>) -> DateTime<Utc> {
        match steps {
            _ if steps.contains(&Step::Renewal) => now - (self.interval().after(now, 1) - now),
            [_] | [] => now,
            // Hours, because some providers tell times to the minute.
            [_, ..] => now - TimeDelta::hours(2),
        }
    }
}

/// How many characters of a tag are its time.
const TIME_CHARS: usize = 7;

/// The name of a purchase that begins then, with something random. [`begun`] reads the time back:
/// whoever continues the purchase tells of the same one.
#[must_use]
pub fn tag_of(start: DateTime<Utc>, random: &str) -> String {
    let (mut seconds, mut digits) = (start.timestamp().unsigned_abs(), Vec::new());
    for _ in 0..TIME_CHARS {
        digits
            .extend(u32::try_from(seconds % 36).ok().and_then(|digit| char::from_digit(digit, 36)));
        seconds /= 36;
    }
    digits.iter().rev().copied().chain(random.chars().take(3)).collect()
}

/// When the purchase of this name began. `None`: it was named by somebody else.
#[must_use]
pub fn begun(tag: &str) -> Option<DateTime<Utc>> {
    let time = tag.get(..TIME_CHARS).filter(|time| time.starts_with('0'))?;
    let seconds = i64::from_str_radix(time, 36).ok().filter(|_| tag.len() == TIME_CHARS + 3)?;
    DateTime::from_timestamp(seconds, 0)
}

/// The scene of a purchase at this account: its first mapped item, one interval back, so that a
/// renewal is due now.
///
/// # Errors
/// [`Impossible::NoItem`].
pub fn scene(
    account: &Account,
    catalogue: &Catalogue,
    tag: &str,
    now: DateTime<Utc>,
) -> Result<Scene, Impossible> {
    let goods = goods(account, catalogue, None)?;
    let start = goods.bought_at(&[Step::Purchase, Step::Renewal], now);
    Ok(scene_of(account, goods, tag, start))
}

/// The scene of a purchase of these goods, made then.
#[must_use]
pub fn scene_of(account: &Account, goods: Goods, tag: &str, start: DateTime<Utc>) -> Scene {
    let interval = goods.interval();
    let Goods { item, item_next, term } = goods;
    Scene {
        step: Step::Purchase,
        tag: tag.to_owned(),
        cycle: 0,
        at: start,
        period_start: start,
        period_end: interval.after(start, 1),
        item_first: item.clone(),
        item_next,
        item,
        quantity: 1,
        email: format!("buyer.{tag}@customer.example"),
        name: "Ada Example".to_owned(),
        company: Some("Example Works Ltd".to_owned()),
        country: "DE".to_owned(),
        locale: "en".to_owned(),
        live: account.mode.is_live(),
        subscription: matches!(term, Some(Term::Interval(_))),
        amount_minor: 4_900,
        currency: "EUR".to_owned(),
        settings: account.credentials.settings.clone(),
    }
}

/// The signed events of these steps, each a little later than the one before.
///
/// # Errors
/// [`Impossible::NoEvents`] where the provider has none for a single step asked for,
/// [`Impossible::Refused`] where the account would take none of a step's.
pub fn tell(
    account: &Account,
    scene: &Scene,
    steps: &[Step],
    now: DateTime<Utc>,
) -> Result<Vec<Told>, Impossible> {
    let length = scene.period_end - scene.period_start;
    let (mut told, mut cycle, mut late) = (Vec::new(), scene.cycle, 0);
    let (mut item, item_next) = (&scene.item, &scene.item_next);
    for step in steps {
        let of_cycle = cycle + u32::from(matches!(step, Step::Renewal));
        late += 1;
        let begun = scene.period_start + length * i32::try_from(of_cycle).unwrap_or(0);
        let at = match step {
            Step::Purchase => scene.at,
            // Hours, because some providers tell times to the minute.
            _ => (begun + TimeDelta::hours(late)).min(now),
        };
        let scene = Scene {
            step: *step,
            cycle: of_cycle,
            at,
            period_start: begun,
            period_end: begun + length,
            item: item.clone(),
            ..scene.clone()
        };
        let samples = signed(account, &scene, now)?;
        if samples.is_empty() && steps.len() <= 2 {
            let kind = account.provider.facts().kind;
            return Err(Impossible::NoEvents { kind, step: step.as_str() });
        }
        // What is not told of did not happen: what is sold once is not renewed.
        if !samples.is_empty() {
            cycle = of_cycle;
            item = if *step == Step::PlanChange { item_next } else { item };
        }
        told.push(Told { step: *step, samples });
    }
    Ok(told)
}

/// What the provider sends for this scene until now, as far as the account takes it: what it cannot
/// sign (no key for the other inlet) it would not be sent. At least one, where there are some.
fn signed(account: &Account, scene: &Scene, now: DateTime<Utc>) -> Result<Vec<Sample>, Impossible> {
    let (provider, credentials) = (&account.provider, &account.credentials);
    let (mut samples, mut refused) = (Vec::new(), None);
    for sample in provider.samples(scene) {
        let sample = provider.sign(sample, credentials, now);
        match provider.verify(&sample.request(), credentials, now) {
            Ok(_) => samples.push(sample),
            Err(reject) => refused = Some(reject),
        }
    }
    if let (Some(reject), true) = (refused, samples.is_empty()) {
        let (kind, step) = (provider.facts().kind, scene.step.as_str());
        return Err(Impossible::Refused { account: account.name.clone(), kind, step, reject });
    }
    samples.retain(|sample| !lies_ahead(account, sample, scene.at.max(now)));
    Ok(samples)
}

/// Must the provider's API be asked before an event of this sample is read, with what the account
/// has for that?
#[must_use]
pub fn asks(account: &Account, sample: &Sample, now: DateTime<Utc>) -> bool {
    let credentials = &account.credentials;
    let set = |name: &&str| {
        credentials.keys.contains_key(*name) || credentials.settings.contains_key(*name)
    };
    let must = |ask: &Ask| match ask.need {
        Need::Always => true,
        Need::Configured => ask.auth.settings().iter().all(set),
        Need::Helpful => false,
    };
    envelopes(account, sample, now).iter().any(|envelope| {
        let event = Event { settings: &credentials.settings, ..Event::of(envelope, now) };
        account.provider.asks(&event).is_ok_and(|asks| asks.iter().any(must))
    })
}

/// What the delivery holds, as the service will find it.
fn envelopes(account: &Account, sample: &Sample, now: DateTime<Utc>) -> Vec<Envelope> {
    let request = sample.request();
    let verified = account.provider.verify(&request, &account.credentials, now);
    let envelopes = verified.map(|verified| account.provider.envelopes(&request, &verified));
    match envelopes {
        Ok(Ok(envelopes)) => envelopes,
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

/// Will it only be sent when something else is over, as the end of a warranty is? What belongs to
/// one step is told within an hour.
fn lies_ahead(account: &Account, sample: &Sample, now: DateTime<Utc>) -> bool {
    let envelopes = envelopes(account, sample, now);
    let ahead = |at: DateTime<Utc>| at - now > TimeDelta::hours(1);
    !envelopes.is_empty() && envelopes.iter().all(|one| one.occurred_at.is_some_and(ahead))
}

/// Changes one value of a scene, as `--set key=value` says.
///
/// # Errors
/// [`Impossible::Setting`] names the key and what would be right.
pub fn set(scene: &mut Scene, key: &str, value: &str) -> Result<(), Impossible> {
    let wrong = |message: &str| {
        Err(Impossible::Setting { key: key.to_owned(), message: message.to_owned() })
    };
    match key {
        "item" => {
            // A plan change leads to another item only where one was asked for.
            scene.item = value.to_owned();
            scene.item_next = value.to_owned();
            scene.item_first = value.to_owned();
        }
        "item_next" => scene.item_next = value.to_owned(),
        "email" => scene.email = value.to_owned(),
        "name" => scene.name = value.to_owned(),
        "company" => scene.company = Some(value.to_owned()).filter(|text| !text.is_empty()),
        "country" => scene.country = value.to_owned(),
        "locale" => scene.locale = value.to_owned(),
        "currency" => scene.currency = value.to_owned(),
        "tag" if value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) => {
            scene.tag = value.to_owned();
        }
        "tag" => return wrong("must be lower-case letters and digits"),
        "quantity" => match value.parse() {
            Ok(quantity) => scene.quantity = quantity,
            Err(_) => return wrong("must be a whole number"),
        },
        "amount" => match value.parse() {
            Ok(amount) => scene.amount_minor = amount,
            Err(_) => return wrong("must be a whole number of minor units (cents)"),
        },
        "cycle" => match value.parse() {
            Ok(cycle) => scene.cycle = cycle,
            Err(_) => return wrong("must be a whole number: 0 for the purchase's period"),
        },
        "live" | "subscription" => match value.parse() {
            Ok(live) if key == "live" => scene.live = live,
            Ok(subscription) => scene.subscription = subscription,
            Err(_) => return wrong("must be true or false"),
        },
        "at" => match value.parse::<DateTime<Utc>>() {
            Ok(at) => {
                let length = scene.period_end - scene.period_start;
                (scene.at, scene.period_start, scene.period_end) = (at, at, at + length);
            }
            Err(_) => return wrong("must be a time such as 2026-01-31T10:00:00Z"),
        },
        _ => {
            return wrong(
                "is not known; there are item, item_next, quantity, email, name, company, country, \
                 locale, amount, currency, tag, cycle, at, live and subscription",
            );
        }
    }
    Ok(())
}
