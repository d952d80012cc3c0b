//! The fold: a sale's licenses are a function of the *set* of its notices and the product
//! rules, and of nothing else: no arrival order, no clock, no earlier state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use keywright_providers::notice::{Act, Customer, Kind, Line, Notice, Ref, Thing};
use sha2::{Digest, Sha256};

use super::customer::Details;
use super::license::{Flag, State};
use super::payments::{Payments, payments, subscribed};
use super::product::{Catalogue, Offer, Product, Quantity};
use super::timeline::{Entry, Track, What};

/// The largest quantity that one order line may have.
pub const QUANTITY_MAX: u32 = 1_000;

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
    /// In order of their slots.
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
    /// The event that told it.
    pub event_id: i64,
    pub text: String,
    /// The expiry after this step.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why a line gave no license.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// None of these items stands in `[providers.NAME.products]`.
    UnknownProduct { items: Vec<String> },
    /// More than [`QUANTITY_MAX`], or none.
    Quantity { quantity: u32 },
}

/// Folds the notices of one sale at `account`.
#[must_use]
pub fn fold(notices: &[Told], catalogue: &Catalogue, account: &str) -> Folded {
    let told = distinct(notices);
    let classes = line_classes(&told);
    let payments = payments(&told, &classes);
    let mut tracks = Tracks::new(&classes, catalogue, account);
    tracks.payments(&payments);
    for one in &told {
        tracks.tell(one);
    }
    let Tracks { mut tracks, problems, .. } = tracks;
    for one in &told {
        for track in tracks.values_mut() {
            track.tell(one, &classes);
        }
    }
    let licenses =
        tracks.into_values().flat_map(|track| track.licenses(&payments.all)).collect::<Vec<_>>();
    let (details, customer_ids) = customer(&told);
    Folded {
        licenses,
        problems,
        details,
        customer_ids,
        order: first_ref(&told, Thing::Order).or_else(|| first_ref(&told, Thing::Session)),
        subscription: first_ref(&told, Thing::Subscription),
        dangling: payments.dangling,
    }
}

/// Each fact once, in the one order that all folds share: time, then kind (at the same instant
/// an end beats a change), then digest.
fn distinct(notices: &[Told]) -> Vec<Told> {
    let mut once: BTreeMap<[u8; 32], &Told> = BTreeMap::new();
    for told in notices {
        let known = once.entry(told.digest).or_insert(told);
        if told.event_id < known.event_id {
            *known = told;
        }
    }
    let mut told: Vec<Told> = once.into_values().cloned().collect();
    told.sort_by_key(|one| (one.notice.occurred_at, rank(&one.notice.kind), one.digest));
    told
}

/// Of two notices at one instant, the one with the higher rank has the last word.
pub(super) fn rank(kind: &Kind) -> u8 {
    match kind {
        Kind::Linked | Kind::Customer => 0,
        Kind::Changed { .. } => 1,
        Kind::PaymentFailed => 2,
        Kind::Trial { .. } => 3,
        Kind::Paid { .. } => 4,
        Kind::Refunded { .. } | Kind::RefundUndone { .. } | Kind::Disputed { .. } => 5,
        Kind::Uncanceled | Kind::Resumed => 6,
        Kind::Canceled { .. } | Kind::Paused => 7,
        Kind::Ended { .. } => 8,
        Kind::Adjusted { .. } => 9,
    }
}

fn lines_of(kind: &Kind) -> &[Line] {
    match kind {
        Kind::Paid { lines, .. }
        | Kind::Trial { lines, .. }
        | Kind::Changed { lines }
        | Kind::Adjusted { act: Act::Issue { lines, .. }, .. } => lines,
        _ => &[],
    }
}

fn line_classes(told: &[Told]) -> Classes<String> {
    let mut classes = Classes::default();
    for line in told.iter().flat_map(|one| lines_of(&one.notice.kind)) {
        let names: Vec<String> = std::iter::once(&line.line).chain(&line.alias).cloned().collect();
        classes.join(&names);
    }
    classes
}

fn customer(told: &[Told]) -> (Details, Vec<String>) {
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

fn first_ref(told: &[Told], thing: Thing) -> Option<String> {
    let refs = told.iter().flat_map(|one| &one.notice.refs);
    refs.filter(|name| name.thing == thing).map(|name| name.id.clone()).next()
}

/// Sorts what is told of lines into tracks.
struct Tracks<'a> {
    catalogue: &'a Catalogue,
    account: &'a str,
    classes: &'a Classes<String>,
    tracks: BTreeMap<(String, usize), Track>,
    problems: BTreeSet<Problem>,
}

/// One telling of a line: when, by whom, what it does.
struct Telling<'a> {
    at: DateTime<Utc>,
    rank: u8,
    digest: [u8; 32],
    event_id: i64,
    recurring: bool,
    what: &'a dyn Fn(&Line, Arc<Product>) -> What,
}

impl<'a> Tracks<'a> {
    fn new(classes: &'a Classes<String>, catalogue: &'a Catalogue, account: &'a str) -> Self {
        Self { catalogue, account, classes, tracks: BTreeMap::new(), problems: BTreeSet::new() }
    }

    fn payments(&mut self, payments: &Payments) {
        for (index, payment) in payments.all.iter().enumerate() {
            for line in &payment.lines {
                let offer = self.catalogue.offer(self.account, &line.item);
                let class = self.classes.of(&line.line);
                let telling = Telling {
                    at: payment.at,
                    rank: 4,
                    digest: payment.digest,
                    event_id: payment.event_id,
                    recurring: payment.recurring,
                    what: &|line, product| What::Paid {
                        payment: index,
                        line: class.clone(),
                        product,
                        quantity: line.quantity,
                        period: line.period,
                    },
                };
                self.line(line, offer, &telling);
            }
        }
    }

    fn tell(&mut self, one: &Told) {
        let Notice { occurred_at, kind, .. } = &one.notice;
        let recurring = subscribed(&one.notice);
        let mut each = |lines: &[Line],
                        by_hand: bool,
                        what: &dyn Fn(&Line, Arc<Product>) -> What| {
            for line in lines {
                let offer = match by_hand {
                    true => self.catalogue.product(&line.item),
                    false => self.catalogue.offer(self.account, &line.item),
                };
                let (at, rank) = (*occurred_at, rank(kind));
                let (digest, event_id) = (one.digest, one.event_id);
                self.line(line, offer, &Telling { at, rank, digest, event_id, recurring, what });
            }
        };
        match kind {
            Kind::Trial { until, lines } => each(lines, false, &|line, product| What::Trial {
                until: *until,
                product,
                quantity: line.quantity,
            }),
            Kind::Changed { lines } => each(lines, false, &|line, product| What::Changed {
                product,
                quantity: line.quantity,
            }),
            Kind::Adjusted { act: Act::Issue { lines, expires_at }, .. } => {
                each(lines, true, &|line, product| What::Issued {
                    product,
                    quantity: line.quantity,
                    expires_at: *expires_at,
                });
            }
            _ => {}
        }
    }

    fn line(&mut self, line: &Line, offer: Option<&Offer>, telling: &Telling<'_>) {
        let Some(offer) = offer else {
            self.problems.insert(Problem::UnknownProduct { items: line.item.clone() });
            return;
        };
        if !(1..=QUANTITY_MAX).contains(&line.quantity) {
            self.problems.insert(Problem::Quantity { quantity: line.quantity });
            return;
        }
        let class = self.classes.of(&line.line);
        for (member, product) in offer.iter().enumerate() {
            let key = match product.stack {
                true => (format!("stack:{}", product.id), 0),
                false => (class.clone(), member),
            };
            let track = self.tracks.entry(key.clone()).or_insert_with(|| Track::new(key.0, key.1));
            track.lines.insert(class.clone());
            track.names.extend(self.classes.members(&class));
            track.recurring |= telling.recurring;
            track.entries.push(Entry {
                at: telling.at,
                rank: telling.rank,
                digest: telling.digest,
                event_id: telling.event_id,
                what: (telling.what)(line, Arc::clone(product)),
            });
        }
    }
}

/// Sets of names that mean one thing: joined as they are told together, each set known by its
/// smallest name, so that the order of telling is no matter.
#[derive(Debug, Clone)]
pub struct Classes<T> {
    parent: BTreeMap<T, T>,
}

impl<T> Default for Classes<T> {
    fn default() -> Self {
        Self { parent: BTreeMap::new() }
    }
}

impl<T: Ord + Clone> Classes<T> {
    /// These names mean one thing.
    pub fn join(&mut self, names: &[T]) {
        let roots: BTreeSet<T> = names.iter().map(|name| self.of(name)).collect();
        let Some(smallest) = roots.first().cloned() else { return };
        for name in names {
            self.parent.entry(name.clone()).or_insert_with(|| name.clone());
        }
        for root in roots {
            self.parent.insert(root, smallest.clone());
        }
    }

    /// The smallest name of the set that `name` is in.
    #[must_use]
    pub fn of(&self, name: &T) -> T {
        let mut at = name;
        while let Some(up) = self.parent.get(at).filter(|up| *up != at) {
            at = up;
        }
        at.clone()
    }

    /// All names of that set.
    #[must_use]
    pub fn members(&self, name: &T) -> BTreeSet<T> {
        let root = self.of(name);
        let mut all: BTreeSet<T> =
            self.parent.keys().filter(|known| self.of(known) == root).cloned().collect();
        all.insert(root);
        all
    }
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
                "the quantity {quantity} cannot be: an order line has 1 to {QUANTITY_MAX} units"
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
