//! Auto orders: UltraCart's subscriptions. How they stand, never money.
//! <https://www.ultracart.com/api/#resource_auto_order.html>

use chrono::{DateTime, Utc};

use super::form;
use super::payload::{AutoItem, AutoOrder, Order};
use super::read::{refs, units};
use crate::notice::{Kind, Line, Notice, Ref};
use crate::read::{Reading, Unread, rfc3339};

/// Does an event of this type tell nothing of the order's money?
pub(super) fn only_stands(event_type: &str) -> bool {
    let began_an_order = matches!(event_type, "auto_order_create" | "auto_order_rebill");
    event_type.starts_with("auto_order_") && !began_an_order
}

/// What an event of an auto order says, by how it stands now. Money is told by its orders.
pub(super) fn notices(at: DateTime<Utc>, event_type: &str, order: &Order) -> Reading {
    let of_auto_order = event_type.starts_with("auto_order_");
    let Some(auto) = &order.auto_order else {
        return match of_auto_order {
            true => Err(Unread::value("order.auto_order", "the order belongs to no auto order")),
            false => Ok(Vec::new()),
        };
    };
    let rebill = auto.original_order_id.as_ref().is_some_and(|first| *first != order.order_id);
    let failed = match event_type {
        "auto_order_decline" => true,
        // A checkout may be tried again, and is no matter of ours until it is paid.
        "order_payment_failed" => rebill,
        _ => false,
    };
    let mut told = Vec::new();
    if failed {
        told.extend(each(at, order, auto, |_| Kind::PaymentFailed));
    }
    if of_auto_order {
        told.extend(standing(at, order, auto)?);
    }
    Ok(told)
}

fn standing(at: DateTime<Utc>, order: &Order, auto: &AutoOrder) -> Reading {
    let since = |path: &str, text: Option<&String>| match text {
        Some(text) => rfc3339(path, text),
        None => Ok(at),
    };
    Ok(match auto.status.as_deref().unwrap_or_default() {
        "active" => {
            let kind = Kind::Changed { lines: lines(order, auto)?, whole: false };
            let changed = notice(at, order, None, kind);
            let renewing = each(at, order, auto, |_| Kind::Uncanceled);
            let pause = |item: &AutoItem| if item.paused { Kind::Paused } else { Kind::Resumed };
            let paused = each(at, order, auto, pause);
            [changed].into_iter().chain(renewing).chain(paused).collect()
        }
        // What was paid stays.
        "canceled" => {
            let at = since("order.auto_order.canceled_dts", auto.canceled_dts.as_ref())?;
            each(at, order, auto, |_| Kind::Canceled { at: None }).collect()
        }
        // Given up after failed rebills.
        "disabled" => {
            let at = since("order.auto_order.disabled_dts", auto.disabled_dts.as_ref())?;
            each(at, order, auto, |_| Kind::Ended { at }).collect()
        }
        _ => vec![notice(at, order, None, Kind::Linked)],
    })
}

/// What befalls an auto order is no matter of what else was bought with it.
fn each<'a>(
    at: DateTime<Utc>,
    order: &'a Order,
    auto: &'a AutoOrder,
    kind: impl Fn(&AutoItem) -> Kind + 'a,
) -> impl Iterator<Item = Notice> + 'a {
    auto.items.iter().map(move |item| notice(at, order, Some(line(auto, item)), kind(item)))
}

fn notice(at: DateTime<Utc>, order: &Order, line: Option<String>, kind: Kind) -> Notice {
    Notice { refs: refs(order), occurred_at: at, line, kind, customer: None }
}

fn lines(order: &Order, auto: &AutoOrder) -> Result<Vec<Line>, Unread> {
    let mut lines: Vec<Line> = Vec::new();
    for (position, item) in auto.items.iter().enumerate() {
        let path = format!("order.auto_order.items[{position}]");
        let sold = item.item().ok_or_else(|| Unread::value(&path, "an item has an id"))?;
        let quantity = units(&path, item.quantity())?.unwrap_or(1);
        let skus = order.items.iter().filter(|item| !item.kit_component);
        let mut skus = skus.filter_map(|item| item.merchant_item_id.as_deref());
        let ordered = skus.find(|sku| item.is_of(sku));
        let alias = ordered.map(|sku| form::line(&order.order_id, sku)).into_iter().collect();
        let line = line(auto, item);
        if lines.iter().any(|known| known.line == line) {
            continue;
        }
        lines.push(Line { line, alias, item: vec![sold], quantity, period: None });
    }
    Ok(lines)
}

/// By what was bought first, which stays when the item is replaced.
pub(super) fn line(auto: &AutoOrder, item: &AutoItem) -> String {
    format!("{}/{}", Ref::subscription(&auto.auto_order_oid), item.original_item_id)
}
