//! A license bound to a machine: a seat taken, or held before, and what is signed for it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use keywright_providers::notice::{Act, Kind, Ref, Thing};
use serde::Serialize;

use super::given::{Key, Label, Machine, Nonce};
use super::{Failure, Machines, Names, Refusal, find};
use crate::apply;
use crate::books::Books;
use crate::rules::acts::{Told, What};
use crate::rules::fold;
use crate::rules::license::State;
use crate::rules::machine::{Bearer, MachineLicense, whole};
use crate::rules::product::Start;
use crate::rules::proof;
use crate::rules::validity::{Bar, Standing, Terms};
use crate::store::rows::{ActivationRow, LicenseRow, NewHistory};
use crate::store::{StoreError, Tx};
use crate::support::actors::APPLICATION;
use crate::support::acts::{Telling, following, tell};

/// What an application gets for its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activated {
    /// The signed machine license.
    pub license: String,
    pub license_id: String,
    pub activation_id: String,
    pub product: String,
    /// `active`; `expired` where the product stays valid for versions released before.
    pub status: &'static str,
    /// The end of what was paid. `None`: perpetual.
    pub expires_at: Option<DateTime<Utc>>,
    pub features: Vec<String>,
}

/// How a machine came by its seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    /// It had one already.
    Kept,
    Taken,
    /// It had given it back.
    TakenAgain,
}

/// What is to be done, and with what.
pub(super) struct Binding<'a> {
    pub(super) machine: &'a Machine,
    pub(super) names: &'a Names,
    pub(super) books: &'a Books,
    pub(super) now: DateTime<Utc>,
}

/// A machine with its seat, before anything is signed for it.
pub(super) struct Bound {
    row: LicenseRow,
    activation_id: String,
    sequence: i64,
    standing: Standing,
    features: Vec<String>,
    terms: Terms,
    pub(super) seat: Seat,
    now: DateTime<Utc>,
}

impl Machines {
    /// Binds the license of a key to a machine. The same machine again keeps its seat and gets
    /// today's dates. The first activation begins the time of a product that waits for it.
    ///
    /// A machine that holds a seat keeps it even where the license has fewer of them now.
    ///
    /// # Errors
    /// [`Refusal`]; [`Failure::Store`].
    pub async fn activate(
        &self,
        key: &Key,
        machine: Machine,
        nonce: Option<Nonce>,
    ) -> Result<Activated, Failure> {
        let (wanted, names, books) = (key.wanted(), self.names()?, self.shelf.now());
        let (clock, fingerprint) = (Arc::clone(&self.clock), machine.fingerprint.clone());
        let by = Arc::clone(&books);
        let bound = self
            .write("activate", move |tx| {
                let found = find::locked(tx, |tx| find::by_key(tx, &wanted))?;
                let row = found.ok_or(Refusal::UnknownKey)?;
                let now = clock.now();
                bind(tx, row, &Binding { machine: &machine, names: &names, books: &by, now })
            })
            .await;
        let bound = counted(bound)?;
        Ok(bound.signed(fingerprint.as_str(), nonce, &books))
    }
}

/// Counted always; a line for a seat that was taken.
pub(super) fn counted(bound: Result<Bound, Failure>) -> Result<Bound, Failure> {
    let outcome = match &bound {
        Ok(bound) => bound.seat.as_str(),
        Err(failure) => failure.label(),
    };
    metrics::counter!("keywright_activations_total", "outcome" => outcome).increment(1);
    if let Ok(Bound { row, activation_id, seat: Seat::Taken | Seat::TakenAgain, .. }) = &bound {
        let id = &row.id;
        tracing::info!(
            license.id = id,
            activation.id = activation_id,
            "license {id} was activated"
        );
    }
    bound
}

/// Binds a machine to a license whose sale the caller has locked.
pub(super) fn bind(
    tx: &mut Tx<'_>,
    row: LicenseRow,
    binding: &Binding<'_>,
) -> Result<Bound, Failure> {
    let Binding { machine, names, books, now } = *binding;
    let terms = find::terms(tx, &row, books)?;
    barred(&row, &terms, now)?;
    let known = tx.activation_find(&row.id, machine.fingerprint.as_str())?;
    let seat = match &known {
        Some(known) if known.released_at.is_none() => Seat::Kept,
        Some(_) => Seat::TakenAgain,
        None => Seat::Taken,
    };
    if seat != Seat::Kept {
        let (held, max) = (tx.activations_held(&row.id)?, row.max_activations);
        if held >= i64::from(max) {
            return Err(Refusal::TooManyActivations { held, max }.into());
        }
    }
    let row = match terms.start {
        Start::Activation if seat != Seat::Kept || waits(&row) => begin(tx, row, binding)?,
        Start::Activation | Start::Creation => row,
    };
    // Its time may have begun and ended long ago.
    barred(&row, &terms, now)?;
    if waits(&row) {
        let message = format!("license {} still waits for its first activation", row.id);
        return Err(StoreError::Refused(message).into());
    }
    let sequence = tx.license_sequence(&row.id, now)?;
    let activation_id =
        known.as_ref().map_or_else(|| names.activation.clone(), |one| one.id.clone());
    match known {
        Some(known) => tx.activation_update(&seated(known, machine, sequence, now))?,
        None => {
            let new = blank(&activation_id, &row.id, machine, now);
            tx.activation_insert(&seated(new, machine, sequence, now))?;
        }
    }
    if seat != Seat::Kept {
        tx.history_append(&NewHistory {
            subject: format!("license:{}", row.id),
            at: now,
            action: "activated".to_owned(),
            cause_event: None,
            actor: Some(APPLICATION.to_owned()),
            detail: serde_json::json!({ "activation_id": activation_id }),
        })?;
    }
    let (standing, features) = (find::standing(&row)?, find::features(&row)?);
    Ok(Bound { row, activation_id, sequence, standing, features, terms, seat, now })
}

/// Is there anything against binding a machine to it?
fn barred(row: &LicenseRow, terms: &Terms, now: DateTime<Utc>) -> Result<(), Failure> {
    match find::standing(row)?.bar(terms, now) {
        None => Ok(()),
        Some(Bar::Expired) => Err(Refusal::Expired(row.expires_at).into()),
        Some(Bar::Suspended) => Err(Refusal::Suspended.into()),
        Some(Bar::Revoked) => Err(Refusal::Revoked.into()),
    }
}

fn waits(row: &LicenseRow) -> bool {
    apply::state(row.state) == State::Pending
}

/// Tells of the first activation, by which the license's time begins; of a later one nothing is
/// told. Also where nothing waits for it at the moment: a payment that comes later may.
fn begin(tx: &mut Tx<'_>, row: LicenseRow, binding: &Binding<'_>) -> Result<LicenseRow, Failure> {
    let Binding { names, books, now, .. } = *binding;
    let known = apply::told(&tx.notices_of_sale(row.sale_id)?)?;
    if !waits(&row) && has_begun(&known, &row) {
        return Ok(row);
    }
    let told = Told {
        by: APPLICATION.to_owned(),
        reason: None,
        at: following(&known, now),
        what: What::License {
            license_id: row.id.clone(),
            slot: row.slot.clone(),
            act: Act::Activate,
        },
    };
    let telling =
        Telling { told: &told, event: &names.event, account: &row.account, live: row.live };
    tell(tx, &telling, books, now)?;
    let lost = || StoreError::Conflict { what: "license", id: row.id.clone() };
    Ok(tx.license_by_id(&row.id)?.ok_or_else(lost)?)
}

fn has_begun(known: &[fold::Told], row: &LicenseRow) -> bool {
    let license = Ref::new(Thing::License, &row.id);
    known.iter().any(|one| {
        matches!(one.notice.kind, Kind::Adjusted { act: Act::Activate, .. })
            && one.notice.refs.contains(&license)
    })
}

fn blank(id: &str, license_id: &str, machine: &Machine, now: DateTime<Utc>) -> ActivationRow {
    ActivationRow {
        id: id.to_owned(),
        license_id: license_id.to_owned(),
        fingerprint: machine.fingerprint.as_str().to_owned(),
        name: None,
        platform: None,
        version: None,
        first_at: now,
        last_at: now,
        released_at: None,
        sequence: 0,
    }
}

/// With what the machine tells of itself now; what it does not tell stays.
fn seated(
    known: ActivationRow,
    machine: &Machine,
    sequence: i64,
    now: DateTime<Utc>,
) -> ActivationRow {
    let told = |label: &Option<Label>| label.clone().and_then(Label::into_text);
    ActivationRow {
        name: told(&machine.name).or(known.name),
        platform: told(&machine.platform).or(known.platform),
        version: told(&machine.version).or(known.version),
        last_at: known.last_at.max(now),
        released_at: None,
        sequence,
        ..known
    }
}

impl Bound {
    /// Signs what was bound. After the commit: what is not kept is not signed for.
    pub(super) fn signed(
        self,
        fingerprint: &str,
        nonce: Option<Nonce>,
        books: &Books,
    ) -> Activated {
        let Self { row, activation_id, sequence, standing, features, terms, seat: _, now } = self;
        let bearer = Bearer {
            license_id: row.id.clone(),
            activation_id: activation_id.clone(),
            product: row.product.clone(),
            fingerprint: fingerprint.to_owned(),
            features: features.clone(),
            max_activations: u32::try_from(row.max_activations).unwrap_or(0),
            sequence,
            nonce: nonce.map(Nonce::into_text),
        };
        let claims = MachineLicense::new(bearer, &standing, &terms, now);
        let keyring = &books.keyring;
        let purpose = proof::MACHINE_LICENSE;
        Activated {
            license: proof::sign(keyring.signing_key(), keyring.kid(), purpose, &claims),
            license_id: row.id,
            activation_id,
            product: row.product,
            status: standing.status(now).as_str(),
            expires_at: row.expires_at.map(whole),
            features,
        }
    }
}

impl Seat {
    /// The label of figures.
    fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Taken => "taken",
            Self::TakenAgain => "taken_again",
        }
    }
}
