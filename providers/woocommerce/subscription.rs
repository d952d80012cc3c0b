//! Subscriptions (of the plugin WooCommerce Subscriptions): how they stand, never money.
//! <https://woocommerce.com/document/subscriptions/statuses/>

use chrono::{DateTime, Utc};

use super::payload::{LineItem, Subscription, gmt};
use super::read::goods_of;
use crate::notice::{Kind, Line, Notice, Ref};
use crate::read::{Id, Reading, Unread};

/// A subscription as it stands. Its payments are orders of their own.
///
/// `on-hold` is told at every renewal, before it is paid; whether one failed, its order says. So it
/// only ties the subscription to the order that began it.
pub(super) fn notices(at: DateTime<Utc>, subscription: &Subscription) -> Reading {
    let name = Ref::subscription(&subscription.id);
    let refs: Vec<Ref> = [Some(name), subscription.parent()].into_iter().flatten().collect();
    let notice = |line: Option<String>, kind| Notice {
        refs: refs.clone(),
        occurred_at: at,
        line,
        kind,
        customer: subscription.buyer.told(),
    };
    // What befalls a subscription is no matter of what else was bought with it.
    let each = |kind: &Kind| -> Vec<Notice> {
        let lines = lines_of(&subscription.id, &subscription.line_items);
        lines.map(|line| notice(Some(line), kind.clone())).collect()
    };
    let end = gmt("end_date_gmt", subscription.end_date_gmt.as_deref())?;
    let lines = lines(subscription)?;
    Ok(match subscription.status.as_str() {
        "active" | "switched" if !lines.is_empty() => {
            let until = gmt("trial_end_date_gmt", subscription.trial_end_date_gmt.as_deref())?;
            let until = until.filter(|until| *until > at);
            let trial = until.map(|until| Kind::Trial { until, lines: lines.clone() });
            let mut told = vec![notice(None, Kind::Changed { lines, whole: true })];
            told.extend(trial.map(|kind| notice(None, kind)));
            told.extend(each(&Kind::Uncanceled));
            told
        }
        "pending-cancel" => each(&Kind::Canceled { at: end }),
        "cancelled" | "expired" => each(&Kind::Ended { at: end.unwrap_or(at) }),
        _ => vec![notice(None, Kind::Linked)],
    })
}

/// The names of a subscription's lines, which a renewal's order copies in their order.
pub(super) fn lines_of(id: &Id, items: &[LineItem]) -> impl Iterator<Item = String> {
    (0..items.len()).map(move |position| line_at(id, position))
}

/// The place stays, while ids and products of a line change.
pub(super) fn line_at(id: &Id, position: usize) -> String {
    Line::at(&Ref::subscription(id), position)
}

fn lines(subscription: &Subscription) -> Result<Vec<Line>, Unread> {
    let parent = subscription.parent();
    let items = &subscription.line_items;
    let mut lines = Vec::new();
    for (position, item) in items.iter().enumerate().filter(|(_, item)| item.quantity > 0) {
        let named = item.items();
        if named.is_empty() {
            let path = format!("line_items[{position}]");
            return Err(Unread::value(path, "a line without variation, product and SKU"));
        }
        let begun = parent.as_ref().and_then(|order| goods_of(order, items, position));
        lines.push(Line {
            line: line_at(&subscription.id, position),
            alias: begun.into_iter().collect(),
            item: named,
            quantity: item.quantity,
            period: None,
        });
    }
    Ok(lines)
}
