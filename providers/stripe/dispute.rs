//! Disputes: <https://docs.stripe.com/api/disputes/object>

use serde::Deserialize;

use super::payload::{self, Other, Snapshot};
use crate::notice::{DisputeState, Kind};
use crate::read::{Event, Id, Reading};

/// `charge.dispute.*`: all of them carry the dispute with its status, which says all.
pub(super) fn dispute(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object, .. } = payload::snapshot::<Dispute>(event.body)?;
    let Some(state) = state(&object.status) else {
        return Ok(Vec::new());
    };
    let (payment, refs) = payload::payment(object.payment_intent.as_ref(), object.charge.as_ref())?;
    let kind = Kind::Disputed { dispute: object.id.into(), payment, state };
    Ok(vec![payload::notice(refs, occurred_at, kind, None)])
}

#[derive(Debug, Deserialize)]
struct Dispute {
    id: Id,
    status: String,
    charge: Option<Other>,
    payment_intent: Option<Other>,
}

/// An inquiry (`warning_…`) takes no money; it becomes a dispute if the bank escalates it, and
/// then has another status. A status that is not known yet decides nothing.
fn state(status: &str) -> Option<DisputeState> {
    match status {
        "needs_response" | "under_review" => Some(DisputeState::Opened),
        "won" | "warning_closed" | "prevented" => Some(DisputeState::Won),
        "lost" => Some(DisputeState::Lost),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inquiry_is_no_dispute() {
        assert_eq!(state("warning_needs_response"), None);
        assert_eq!(state("warning_under_review"), None);
    }

    #[test]
    fn an_inquiry_that_was_closed_gives_everything_back() {
        assert_eq!(state("warning_closed"), Some(DisputeState::Won));
    }
}
