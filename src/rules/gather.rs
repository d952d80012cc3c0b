//! Gather: which notices belong to one sale.

use std::collections::BTreeSet;

use keywright_providers::Notice;
use keywright_providers::notice::{Kind, Ref, Thing};

use super::product::Catalogue;

/// Every reference that one event's notices tie together, as it is stored.
///
/// Beside the provider's own these are the ties of stacked products: purchases of one product by
/// one customer belong together, so their customer and product name a sale as an order does.
#[must_use]
pub fn ties(notices: &[Notice], catalogue: &Catalogue, account: &str) -> BTreeSet<Ref> {
    let mut refs: BTreeSet<Ref> = BTreeSet::new();
    for notice in notices {
        refs.extend(notice.refs.iter().cloned());
        match &notice.kind {
            Kind::Paid { payment, lines, .. } => {
                refs.insert(payment.clone());
                let offers = lines.iter().filter_map(|line| catalogue.offer(account, &line.item));
                for product in offers.flatten().filter(|product| product.stack) {
                    refs.extend(stack_ref(notice, &product.id));
                }
            }
            Kind::Refunded { payment, .. }
            | Kind::RefundUndone { payment, .. }
            | Kind::Disputed { payment, .. } => {
                refs.insert(payment.clone());
            }
            _ => {}
        }
    }
    refs
}

/// The provider's customer id where there is one, else the address.
fn stack_ref(notice: &Notice, product: &str) -> Option<Ref> {
    let customer = notice.customer.as_ref()?;
    let name = match (&customer.provider_id, &customer.email) {
        (Some(id), _) => format!("{product}/id/{id}"),
        (None, Some(email)) => format!("{product}/email/{}", email.to_lowercase()),
        (None, None) => return None,
    };
    Some(Ref::new(Thing::Stack, name))
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
        | Kind::Resumed
        | Kind::Adjusted { .. } => true,
        Kind::Paid { .. } | Kind::Trial { .. } | Kind::Linked | Kind::Customer => false,
    })
}
