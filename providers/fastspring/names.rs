//! How one sale, one payment and one line is known under several names.
//!
//! FastSpring names an order twice: by its id, and by the reference that the buyer sees. A
//! request for keys knows only the reference, a charge without expansion only the id, all
//! others both. Each order is one payment, so that its id is a `payment` and its reference an
//! `invoice`, and whatever carries both says that they are the same.
//!
//! A line that began a subscription is named by the subscription, since renewals and changes
//! know nothing else; its name in the order is an alias, since a request for keys may know
//! nothing but that. The product of a subscription may change, so no later event makes a name
//! of the first order and a product: that could be the name of another line.

use crate::notice::Ref;
pub(super) use crate::read::Occurrences;

/// An order's line, by its product path; `earlier`: how many items of this order before it are of
/// the same product.
pub(super) fn order_line(reference: &str, product: &str, earlier: usize) -> String {
    numbered(format!("order:{reference}/{product}"), earlier)
}

/// The line that a subscription is.
pub(super) fn subscription_line(id: &str) -> String {
    Ref::subscription(id).to_string()
}

/// An add-on's line beside the subscription that it belongs to; `earlier` as in [`order_line`].
pub(super) fn addon_line(id: &str, product: &str, earlier: usize) -> String {
    numbered(format!("{}/{product}", Ref::subscription(id)), earlier)
}

/// References of one order that is a payment.
pub(super) fn payment_refs(id: Option<&str>, reference: Option<&str>) -> Vec<Ref> {
    let mut refs = order_refs(id, reference);
    refs.extend(reference.map(Ref::invoice));
    refs.extend(id.map(Ref::payment));
    refs
}

/// References of an order that ties a sale and is not the payment told of.
pub(super) fn order_refs(id: Option<&str>, reference: Option<&str>) -> Vec<Ref> {
    id.into_iter().chain(reference).map(Ref::order).collect()
}

/// The text without white space around it, if there is any.
pub(super) fn tidy(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// As [`tidy`], for a field that may be missing.
pub(super) fn told(text: Option<&String>) -> Option<&str> {
    text.and_then(|text| tidy(text))
}

fn numbered(name: String, earlier: usize) -> String {
    if earlier == 0 { name } else { format!("{name}#{earlier}") }
}
