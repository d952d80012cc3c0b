//! What a walk comes to: the license as it is at the end of its track.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::SubsecRound as _;

use super::Walk;
use super::standing::{Money, Presence, Standing};
use crate::rules::fold::License;
use crate::rules::license::{Flag, State};
use crate::rules::product::Start;

impl Walk<'_> {
    /// `None`: this unit was never there and covered.
    pub(super) fn license(self) -> Option<License> {
        let product = Arc::clone(self.line.product?);
        let (dropped_at, due) = match self.line.presence {
            Presence::Never => return None,
            Presence::Held => (None, self.is_renewing()),
            Presence::DroppedAt(at) => (Some(at), false),
        };
        let starts_at = self.activated_at.filter(|_| self.coverage.was_waiting());
        let starts_at = starts_at.filter(|_| product.start == Start::Activation);
        let starts_at = starts_at.or(self.starts_at)?.trunc_subsecs(0);
        // What nothing covers any more ends where it began: without a date it were perpetual.
        let covered = self.coverage.is_begun().then(|| self.coverage.expires_at());
        let expires_at = match (covered.unwrap_or(Some(starts_at)), dropped_at) {
            (Some(expiry), Some(dropped)) => Some(expiry.min(dropped)),
            (expiry, dropped) => expiry.or(dropped),
        };
        // Whole seconds, as every proof of it says.
        let expires_at = expires_at.map(|end| end.trunc_subsecs(0));
        let waits = self.coverage.is_waiting() && dropped_at.is_none();
        let state = match self.money {
            Money { came: true, stands: false, withheld: false, .. } => State::Revoked,
            _ if self.revoked => State::Revoked,
            Money { contested: true, .. } => State::Suspended,
            Money { stands: false, withheld: true, .. } => State::Suspended,
            _ if self.suspended || self.all(|standing| standing.paused) => State::Suspended,
            _ if waits => State::Pending,
            _ => State::Active,
        };
        let quantity = self.line.quantities.values().copied().max().unwrap_or(1);
        let quantity = License::seats(&product, quantity);
        let flags = self.flags(due);
        Some(License {
            slot: self.slot,
            names: self.names,
            state,
            starts_at,
            expires_at,
            valid_until: expires_at.map(|end| product.valid_until(end, due)),
            flags,
            quantity,
            max_activations: product.max_activations.saturating_mul(quantity),
            product,
            steps: self.steps,
        })
    }

    fn flags(&self, renewing: bool) -> BTreeSet<Flag> {
        let any = |test: fn(&Standing) -> bool| self.purchases.values().any(test);
        let flags = [
            (Flag::PastDue, any(Standing::is_past_due)),
            (Flag::Canceled, any(|standing| standing.canceled) && !renewing),
            (Flag::Trial, self.tried && !any(|standing| standing.paid_at.is_some())),
            (Flag::Ended, self.all(Standing::is_over)),
            (Flag::Refunded, self.money.refunded),
            (Flag::Disputed, self.money.disputed),
            (Flag::Paused, any(|standing| standing.paused)),
        ];
        flags.into_iter().filter(|(_, set)| *set).map(|(flag, _)| flag).collect()
    }

    fn all(&self, test: fn(&Standing) -> bool) -> bool {
        !self.purchases.is_empty() && self.purchases.values().all(test)
    }

    /// Is a payment expected?
    pub(super) fn is_renewing(&self) -> bool {
        self.purchases
            .values()
            .any(|standing| standing.recurring && !standing.canceled && !standing.is_over())
    }
}
