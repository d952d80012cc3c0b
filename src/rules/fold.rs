//! The fold: a sale's licenses are a function of the *set* of its notices and the product
//! rules, and of nothing else: no arrival order, no clock, no earlier state.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use keywright_providers::notice::{Act, Customer, Kind, Line, Notice, Ref, Thing};
use sha2::{Digest, Sha256};

use super::classes::Classes;
use super::customer::Details;
use super::license::{Flag, State};
use super::payments::payments;
use super::places::settled;
use super::product::{Catalogue, Offer, Product, Quantity};
use super::track::Tracks;
use super::walk::licenses;

/// The largest quantity that one order line may have: each unit is a license.
pub const QUANTITY_MAX: u32 = 1_000;

/// The same of a product whose units are seats of one license.
pub const SEATS_MAX: u32 = 100_000;

/// The largest quantity of this offer that a line may have.
#[must_use]
pub fn most(offer: &Offer) -> u32 {
    match offer.iter().any(|product| product.quantity == Quantity::Keys) {
        true => QUANTITY_MAX,
        false => SEATS_MAX,
    }
}

/// A notice, and the event that told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub notice: Notice,
    /// Of the notice's canonical form: the same fact told by two events has one digest.
    pub digest: [u8; 32],
    pub event_id: i64,
}

impl Told {
    #[must_use]
    pub fn new(notice: Notice, event_id: i64) -> Self {
        let digest = digest(&notice);
        Self { notice, digest, event_id }
    }
}

/// What identifies a fact, whoever tells it.
#[must_use]
pub fn digest(notice: &Notice) -> [u8; 32] {
    // Serialising our own type to memory cannot fail; were it to, all would be one digest and
    // the first test would see it.
    Sha256::digest(serde_json::to_vec(notice).unwrap_or_default()).into()
}

/// What a sale's notices come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// In order of their lines, products and units.
    pub licenses: Vec<License>,
    /// Lines that nobody mapped, and quantities that cannot be: what support must mend.
    pub problems: BTreeSet<Problem>,
    /// What the sale's own notices tell of its customer.
    pub details: Details,
    /// The provider's ids of its customer, the latest told first.
    pub customer_ids: Vec<String>,
    pub order: Option<String>,
    pub subscription: Option<String>,
    /// Digests of notices whose payment nobody told of yet.
    pub dangling: BTreeSet<[u8; 32]>,
}

/// One license as the notices say it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License {
    /// Its name within the sale.
    pub slot: String,
    /// Every name that it may have been stored under, its slot included.
    pub names: BTreeSet<String>,
    pub product: Arc<Product>,
    pub state: State,
    pub starts_at: DateTime<Utc>,
    /// The end of what was paid; `None`: perpetual, or not begun (pending).
    pub expires_at: Option<DateTime<Utc>>,
    /// With buffer and grace.
    pub valid_until: Option<DateTime<Utc>>,
    pub flags: BTreeSet<Flag>,
    /// Units bought: 1, or the seats.
    pub quantity: u32,
    pub max_activations: u32,
    /// How the date came about.
    pub steps: Vec<Step>,
}

/// One step of the explanation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    pub at: DateTime<Utc>,
    /// The event that told it; of money that went back, that which took it.
    pub event_id: i64,
    pub kind: StepKind,
    /// The time that it covers; of money that went back, what it would have covered.
    pub covers: Option<Stretch>,
    pub text: String,
    /// The expiry after this step.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What kind of thing a step is, for those who draw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A payment that counts.
    Paid,
    /// A payment whose money went back.
    Returned,
    Trial,
    /// What the provider told beside money: a change, a cancellation, an end.
    Told,
    /// Support's own act.
    Support,
    /// The first activation.
    Activated,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Stretch {
    pub from: DateTime<Utc>,
    /// `None`: for ever.
    pub until: Option<DateTime<Utc>>,
}

/// Why a line gave no license.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// None of these items stands in `[providers.NAME.products]`.
    UnknownProduct { items: Vec<String> },
    /// None, or more than [`QUANTITY_MAX`] ([`SEATS_MAX`] where the units are seats).
    Quantity { quantity: u32 },
}

/// Folds the notices of one sale at `account`.
#[must_use]
pub fn fold(notices: &[Told], catalogue: &Catalogue, account: &str) -> Folded {
    fold_all(&notices.iter().collect::<Vec<_>>(), catalogue, account)
}

/// As [`fold`], of notices that lie apart.
pub(super) fn fold_all(notices: &[&Told], catalogue: &Catalogue, account: &str) -> Folded {
    let told = distinct(notices);
    let settled = settled(&told);
    let told = settled.as_ref().map_or(told, |settled| settled.iter().collect());
    let mut lines = line_names(&told);
    let alike = |one: &Line, other: &Line| {
        one.item.iter().any(|item| other.item.contains(item))
            || catalogue.offer(account, &one.item).is_some_and(|offer| {
                catalogue.offer(account, &other.item).is_some_and(|other| same_goods(offer, other))
            })
    };
    let payments = payments(&told, &mut lines, &alike);
    let tracks = Tracks::new(&told, &payments.all, &lines, catalogue, account);
    let names = lines.groups();
    let licenses = tracks.all.values().flat_map(|track| licenses(track, &names)).collect();
    let (details, customer_ids) = customer(&told);
    Folded {
        licenses,
        problems: tracks.problems,
        details,
        customer_ids,
        order: first_ref(&told, Thing::Order).or_else(|| first_ref(&told, Thing::Session)),
        subscription: first_ref(&told, Thing::Subscription),
        dangling: payments.dangling,
    }
}

/// Each fact once, in the one order that all folds share: time, then kind (at the same instant
/// an end beats a change), then digest. Of two events that tell one fact the first is named.
fn distinct<'a>(notices: &[&'a Told]) -> Vec<&'a Told> {
    let mut told = notices.to_vec();
    told.sort_by_key(|one| {
        (one.notice.occurred_at, rank(&one.notice.kind), one.digest, one.event_id)
    });
    told.dedup_by_key(|one| one.digest);
    told
}

/// Of two notices at one instant, the one with the higher rank has the last word.
pub(super) fn rank(kind: &Kind) -> u8 {
    match kind {
        Kind::Linked | Kind::Customer => 0,
        Kind::PaymentFailed => 1,
        Kind::Trial { .. } => 2,
        Kind::Paid { .. } => 3,
        // What stands from now on, though a provider may date it by the period that is paid.
        Kind::Changed { .. } => 4,
        Kind::Refunded { .. } | Kind::RefundUndone { .. } | Kind::Disputed { .. } => 5,
        Kind::Uncanceled | Kind::Resumed => 6,
        Kind::Canceled { .. } | Kind::Paused => 7,
        Kind::Ended { .. } => 8,
        Kind::Adjusted { .. } => 9,
    }
}

/// The order lines that a notice tells of.
pub(super) fn lines_of(kind: &Kind) -> &[Line] {
    match kind {
        Kind::Paid { lines, .. }
        | Kind::Trial { lines, .. }
        | Kind::Changed { lines, .. }
        | Kind::Adjusted { act: Act::Issue { lines, .. }, .. } => lines,
        _ => &[],
    }
}

fn line_names<'a>(told: &[&'a Told]) -> Classes<&'a str> {
    let mut names = Classes::default();
    for line in told.iter().flat_map(|one| lines_of(&one.notice.kind)) {
        names.join(std::iter::once(&line.line).chain(&line.alias).map(String::as_str));
    }
    names
}

fn same_goods(one: &Offer, other: &Offer) -> bool {
    one.iter().map(|product| &product.id).eq(other.iter().map(|product| &product.id))
}

fn customer(told: &[&Told]) -> (Details, Vec<String>) {
    let mut details = Details::default();
    let mut ids: Vec<String> = Vec::new();
    for Told { notice, .. } in told {
        let Some(customer) = &notice.customer else { continue };
        details.tell(customer, notice.occurred_at);
        if let Some(id) = &customer.provider_id {
            ids.retain(|known| known != id);
            ids.insert(0, id.clone());
        }
    }
    (details, ids)
}

fn first_ref(told: &[&Told], thing: Thing) -> Option<String> {
    let mut refs = told.iter().flat_map(|one| &one.notice.refs);
    refs.find(|name| name.thing == thing).map(|name| name.id.clone())
}

impl Problem {
    /// The stable reason under which an event fails.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownProduct { .. } => "unknown_product",
            Self::Quantity { .. } => "impossible_quantity",
        }
    }

    /// What a support person reads.
    #[must_use]
    pub fn message(&self, account: &str) -> String {
        match self {
            Self::UnknownProduct { items } => format!(
                "no product is configured for {}: add a line for one of these to \
                 [providers.{account}.products] and reload",
                items.iter().map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(" or ")
            ),
            Self::Quantity { quantity } => format!(
                "the quantity {quantity} cannot be: an order line has 1 to {QUANTITY_MAX} units, or \
                 {SEATS_MAX} seats of a product with quantity = \"seats\""
            ),
        }
    }
}

impl License {
    /// Units that the product's activations are multiplied by.
    #[must_use]
    pub fn seats(product: &Product, quantity: u32) -> u32 {
        match product.quantity {
            Quantity::Keys => 1,
            Quantity::Seats => quantity,
        }
    }
}

impl Folded {
    /// The customer as the sale's own notices and the account's customer events tell him.
    #[must_use]
    pub fn customer(&self, known: &Details) -> Customer {
        let mut details = self.details.clone();
        details.merge(known);
        details.values(self.customer_ids.first().cloned())
    }

    /// The reference that names the sale: the most significant one told of it.
    #[must_use]
    pub fn anchor<'a>(refs: impl IntoIterator<Item = &'a Ref>) -> Option<&'a Ref> {
        refs.into_iter().filter(|name| !matches!(name.thing, Thing::License | Thing::Stack)).min()
    }
}
