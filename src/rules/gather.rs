//! Gather: which notices belong to one sale.

use std::collections::BTreeSet;

use keywright_providers::Notice;
use keywright_providers::notice::{Act, Kind, Ref, Thing};

use super::payments::payment_of;
use super::product::Catalogue;

/// Every reference that one event's notices tie together, as it is stored.
///
/// Beside the provider's own these are the ties of stacked products: purchases of one product by
/// one customer belong together, so their customer and product name a sale as an order does. The
/// customer is the one that the same event tells: were he looked up elsewhere, the order of
/// arrival would decide.
#[must_use]
pub fn ties(notices: &[Notice], catalogue: &Catalogue, account: &str) -> BTreeSet<Ref> {
    let mut refs: BTreeSet<Ref> = BTreeSet::new();
    for notice in notices {
        refs.extend(notice.refs.iter().chain(payment_of(&notice.kind)).cloned());
        if let Kind::Paid { lines, .. } | Kind::Trial { lines, .. } = &notice.kind {
            let offers = lines.iter().filter_map(|line| catalogue.offer(account, &line.item));
            for product in offers.flatten().filter(|product| product.stack) {
                refs.extend(buyer(notice, notices).map(|buyer| stack_ref(buyer, &product.id)));
            }
        }
    }
    refs
}

/// Who bought: the notice's own customer, else the one of another notice of the event. The
/// provider's id is better than an address.
fn buyer<'a>(notice: &'a Notice, notices: &'a [Notice]) -> Option<Buyer<'a>> {
    let customers = || {
        let others = notices.iter().filter_map(|other| other.customer.as_ref());
        notice.customer.iter().chain(others)
    };
    let id = customers().find_map(|customer| customer.provider_id.as_deref()).map(Buyer::Id);
    id.or_else(|| customers().find_map(|customer| customer.email.as_deref()).map(Buyer::Email))
}

enum Buyer<'a> {
    Id(&'a str),
    Email(&'a str),
}

fn stack_ref(buyer: Buyer<'_>, product: &str) -> Ref {
    let name = match buyer {
        Buyer::Id(id) => format!("{product}/id/{id}"),
        Buyer::Email(email) => format!("{product}/email/{}", email.to_lowercase()),
    };
    Ref::new(Thing::Stack, name)
}

/// Must something else be told before these notices mean anything? (A refund, a change, an end
/// say nothing of a purchase that nobody has told of yet.)
#[must_use]
pub fn depends(notices: &[Notice]) -> bool {
    notices.iter().any(|notice| match &notice.kind {
        Kind::Changed { .. }
        | Kind::Canceled { .. }
        | Kind::Uncanceled
        | Kind::Ended { .. }
        | Kind::PaymentFailed
        | Kind::Refunded { .. }
        | Kind::RefundUndone { .. }
        | Kind::Disputed { .. }
        | Kind::Paused
        | Kind::Resumed => true,
        Kind::Adjusted { act, .. } => !matches!(act, Act::Issue { .. }),
        // It names a line, and not what stands on it.
        Kind::Paid { lines, .. } => lines.iter().all(|line| line.item.is_empty()),
        Kind::Trial { .. } | Kind::Linked | Kind::Customer => false,
    })
}
