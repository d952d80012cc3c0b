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
/// arrival would decide. Where keys are given in the answer he is not known by an address: whoever
/// types another one's would be handed his key.
#[must_use]
pub fn ties(notices: &[Notice], catalogue: &Catalogue, account: &str) -> BTreeSet<Ref> {
    let mut refs: BTreeSet<Ref> = BTreeSet::new();
    for notice in notices {
        refs.extend(refs_of(notice).cloned());
        if let Kind::Paid { lines, .. } | Kind::Trial { lines, .. } = &notice.kind {
            let offers = lines.iter().filter_map(|line| catalogue.offer(account, &line.item));
            for product in offers.flatten().filter(|product| product.stack) {
                let buyer = buyer(notice, notices).filter(|buyer| match buyer {
                    Buyer::Id(_) => true,
                    Buyer::Email(_) => !catalogue.answered.contains(account),
                });
                refs.extend(buyer.map(|buyer| stack_ref(buyer, &product.id)));
            }
        }
    }
    refs
}

/// Every reference that stands in a notice.
pub fn refs_of(notice: &Notice) -> impl Iterator<Item = &Ref> {
    notice.refs.iter().chain(payment_of(&notice.kind))
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

#[cfg(test)]
mod tests {
    use keywright_providers::notice::{Customer, Line};

    use super::*;
    use crate::rules::tests::life::{ACCOUNT, at, catalogue};

    const SHOP: &str = "[products.pro]\ninterval = \"P1Y\"\n\
                        [products.pass]\ninterval = \"P1M\"\nstack = true\n\
                        [products.both]\nbundle = [\"pro\", \"pass\"]";

    fn bought(item: &str, id: Option<&str>, email: Option<&str>) -> Notice {
        let line = Line {
            line: "a".to_owned(),
            alias: vec![],
            item: vec![item.to_owned()],
            quantity: 1,
            period: None,
        };
        let payment = Ref::payment("pay_1");
        let customer = Customer {
            provider_id: id.map(str::to_owned),
            email: email.map(str::to_owned),
            ..Customer::default()
        };
        let kind = Kind::Paid { payment, amount: None, lines: vec![line] };
        Notice {
            refs: vec![Ref::order("ord_1")],
            occurred_at: at("2026-03-05"),
            line: None,
            kind,
            customer: Some(customer).filter(|customer| !customer.is_empty()),
        }
    }

    fn tied(notices: &[Notice]) -> Vec<String> {
        let refs = ties(notices, &catalogue(SHOP), ACCOUNT);
        refs.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_purchase_is_tied_by_what_the_provider_calls_it_and_not_by_its_customer() {
        let notice = bought("pro", Some("cus_1"), Some("ada@example.com"));
        assert_eq!(tied(&[notice]), ["order:ord_1", "payment:pay_1"]);
    }

    #[test]
    fn one_of_a_stacked_product_also_by_its_customer() {
        for item in ["pass", "both"] {
            let notice = bought(item, Some("cus_1"), Some("ada@example.com"));
            assert_eq!(tied(&[notice])[0], "stack:pass/id/cus_1");
        }
        let notice = bought("pass", None, Some("Ada@Example.com"));
        assert_eq!(tied(&[notice])[0], "stack:pass/email/ada@example.com");
        assert_eq!(tied(&[bought("pass", None, None)]), ["order:ord_1", "payment:pay_1"]);
    }

    #[test]
    fn where_keys_are_answered_an_address_is_no_tie() {
        let mut catalogue = catalogue(SHOP);
        catalogue.answered.insert(ACCOUNT.to_owned());
        let tied = |id: Option<&str>| {
            let notice = bought("pass", id, Some("ada@example.com"));
            ties(&[notice], &catalogue, ACCOUNT).iter().map(ToString::to_string).next()
        };
        assert_eq!(tied(Some("cus_1")).unwrap(), "stack:pass/id/cus_1");
        assert_eq!(tied(None).unwrap(), "order:ord_1");
    }

    #[test]
    fn the_customer_may_stand_in_another_notice_of_the_event() {
        let told = Notice { kind: Kind::Linked, ..bought("pro", Some("cus_1"), None) };
        let paid = bought("pass", None, Some("ada@example.com"));
        assert_eq!(tied(&[paid, told])[0], "stack:pass/id/cus_1");
    }

    #[test]
    fn a_refund_is_tied_to_the_payment_that_it_names() {
        let kind = Kind::Refunded {
            refund: "re_1".to_owned(),
            payment: Ref::charge("ch_1"),
            amount: None,
            total: None,
            full: true,
            lines: vec![],
        };
        assert_eq!(
            tied(&[Notice { kind, ..bought("pro", None, None) }]),
            ["order:ord_1", "charge:ch_1"]
        );
    }

    #[test]
    fn a_change_means_nothing_without_a_purchase_and_a_purchase_all() {
        let notice = |kind| [Notice { kind, ..bought("pro", None, None) }];
        let act = |act| Kind::Adjusted { act, by: "ann".to_owned(), reason: None };
        assert!(depends(&notice(Kind::Canceled { at: None })));
        assert!(depends(&notice(act(Act::Suspend))));
        assert!(!depends(&notice(act(Act::Issue { lines: vec![], expires_at: None }))));
        assert!(!depends(&notice(Kind::Linked)));
        assert!(!depends(&[bought("pro", None, None)]));
    }
}
