//! What happens to a subscription besides its charges.

use crate::notice::{Kind, Line, Notice, Ref};
use crate::read::{Event, Reading, Unread};

use super::expandable::Expandable;
use super::names::{Occurrences, addon_line, order_refs, subscription_line, tidy};
use super::payload::{Product, Subscription, time};
use super::people::Account;

/// Events whose `data` is the subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    Activated,
    Updated,
    Canceled,
    Uncanceled,
    Deactivated,
    Unpaid,
    Paused,
    Resumed,
}

impl News {
    pub(super) fn of(event_type: &str) -> Option<Self> {
        Some(match event_type {
            "subscription.activated" => Self::Activated,
            "subscription.updated" => Self::Updated,
            "subscription.canceled" => Self::Canceled,
            "subscription.uncanceled" => Self::Uncanceled,
            "subscription.deactivated" => Self::Deactivated,
            "subscription.charge.failed" | "subscription.payment.overdue" => Self::Unpaid,
            "subscription.paused" => Self::Paused,
            "subscription.resumed" => Self::Resumed,
            _ => return None,
        })
    }
}

/// # Errors
/// [`Unread`] without an id, without what a line needs, or with an impossible time.
pub(super) fn told(event: &Event<'_>, news: News, data: &Subscription) -> Reading {
    let subscription = data.innermost();
    let id = id(subscription)?;
    let (initial_id, initial_reference) = subscription.initial_order();
    let mut refs = vec![Ref::subscription(id)];
    refs.extend(order_refs(initial_id, initial_reference));
    let account = data.account.as_ref().or(subscription.account.as_ref());
    let customer = account.map(Expandable::<Account>::customer);
    let notice = |line, kind| Notice {
        refs: refs.clone(),
        occurred_at: event.occurred_at,
        line,
        kind,
        customer: customer.clone(),
    };
    let kind = match news {
        News::Activated | News::Updated => {
            let kind = standing(event, news, subscription)?;
            return Ok(vec![notice(None, kind)]);
        }
        News::Canceled => {
            let at = time("data.deactivationDate", subscription.deactivation_date)?;
            Kind::Canceled {
                at: at.map_or_else(|| subscription.paid_until("data"), |at| Ok(Some(at)))?,
            }
        }
        News::Uncanceled => Kind::Uncanceled,
        News::Deactivated => {
            // «Deactivate now» leaves a date that is still to come.
            let at = time("data.deactivationDate", subscription.deactivation_date)?;
            Kind::Ended { at: at.map_or(event.occurred_at, |at| at.min(event.occurred_at)) }
        }
        News::Unpaid => Kind::PaymentFailed,
        News::Paused => Kind::Paused,
        News::Resumed => Kind::Resumed,
    };
    // Add-ons share the fate of their subscription, and an order may hold several of those.
    let names = std::iter::once(subscription_line(id)).chain(addon_lines(subscription, id));
    Ok(names.map(|name| notice(Some(name), kind.clone())).collect())
}

/// How the subscription stands: the money for it is told by `order.completed`.
fn standing(event: &Event<'_>, news: News, subscription: &Subscription) -> Result<Kind, Unread> {
    let lines = lines(subscription)?;
    let until = subscription.paid_until("data")?.filter(|until| *until > event.occurred_at);
    Ok(match until {
        Some(until) if news == News::Activated && subscription.is_trial() => {
            Kind::Trial { until, lines }
        }
        Some(_) | None => Kind::Changed { lines, whole: true },
    })
}

/// The subscription itself and its add-ons.
///
/// # Errors
/// [`Unread`] without its id or product.
pub(super) fn lines(subscription: &Subscription) -> Result<Vec<Line>, Unread> {
    let id = id(subscription)?;
    let product = subscription.product.as_ref();
    let product = product.ok_or_else(|| Unread::value("data.product", "the product is missing"))?;
    let mut lines = vec![Line {
        line: subscription_line(id),
        alias: vec![],
        item: item(product, subscription.sku.as_deref())?,
        quantity: quantity(subscription.quantity)?,
        period: None,
    }];
    let names = addon_lines(subscription, id);
    for (addon, line) in subscription.addons.iter().flatten().zip(names) {
        lines.push(Line {
            line,
            alias: vec![],
            item: item(&addon.product, addon.sku.as_deref())?,
            quantity: quantity(addon.quantity)?,
            period: None,
        });
    }
    Ok(lines)
}

fn addon_lines(subscription: &Subscription, id: &str) -> Vec<String> {
    let mut products = Occurrences::default();
    let addons = subscription.addons.iter().flatten().map(|addon| addon.product.path());
    addons.map(|product| addon_line(id, product, products.before(product))).collect()
}

/// What the vendor may map: the product's path, its SKU.
///
/// # Errors
/// [`Unread::Value`] without a path.
pub(super) fn item(
    product: &Expandable<Product>,
    sku: Option<&str>,
) -> Result<Vec<String>, Unread> {
    let path = tidy(product.path())
        .ok_or_else(|| Unread::value("data.product", "the product's path is empty"))?;
    let sku = sku.or_else(|| product.object()?.sku.as_deref()).and_then(tidy);
    Ok(std::iter::once(path).chain(sku).map(str::to_owned).collect())
}

/// # Errors
/// [`Unread::Value`] for none at all.
pub(super) fn quantity(quantity: Option<u32>) -> Result<u32, Unread> {
    Some(quantity.unwrap_or(1))
        .filter(|quantity| *quantity > 0)
        .ok_or_else(|| Unread::value("data.quantity", "not above 0"))
}

fn id(subscription: &Subscription) -> Result<&str, Unread> {
    subscription.id().ok_or_else(|| Unread::value("data.subscription", "no id of the subscription"))
}
