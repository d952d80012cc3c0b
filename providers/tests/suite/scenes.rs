//! The samples of a provider, told and read: one purchase's life keeps together, two purchases
//! keep apart.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use keywright_providers::Scene;
use keywright_providers::notice::{Kind, Line, Notice, Ref};
use keywright_providers::sample::Step;

use crate::life::{ITEM_NEXT, both_ways, each_life, scene, told, whole_life};
use crate::subject::Subject;
use crate::ties::{
    Classes, all_refs, amount, changed_lines, covered_lines, disputed_payment, names,
    paid_payments, payment_refs, refunded_payment,
};
use crate::told::{ToldEvent, faults};

/// Every step of a subscription and of a one-off sale, with real money and in test, can be
/// signed, verified and read.
pub(crate) fn every_step_reads(subject: &Subject<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (subscription, live) in [(true, true), (true, false), (false, true), (false, false)] {
        for step in Step::ALL {
            let cycle = u32::from(subscription && step != Step::Purchase);
            let scene = Scene { live, ..scene(step, "kwa1", cycle, subscription) };
            let faults = match told(subject, &scene) {
                Err(fault) => vec![fault],
                Ok(events) => events.iter().flat_map(|e| event_faults(e, &scene)).collect(),
            };
            let what = format!("{} (subscription {subscription}, live {live})", step.as_str());
            found.extend(faults.into_iter().map(|fault| format!("{what}: {fault}")));
        }
    }
    found
}

/// A purchase sells the item that was asked for, to whom, how often and for how much.
pub(crate) fn a_purchase_covers_its_item(subject: &Subject<'_>) -> Vec<String> {
    both_ways(subject, |life, subscription| {
        let scene = scene(Step::Purchase, "kwa1", 0, subscription);
        let lines: Vec<&Line> = life.purchase.iter().flat_map(covered_lines).collect();
        let sold = lines.iter().any(|line| line.item.contains(&scene.item));
        let quantity = if tells_quantities(subject, &scene) { scene.quantity } else { 1 };
        let units = lines.iter().any(|line| line.quantity == quantity);
        let known = life.purchase.iter().filter_map(|notice| notice.customer.as_ref());
        let addressed = known.into_iter().any(|c| c.email.as_deref() == Some(&scene.email));
        let amounts: Vec<i64> = life.purchase.iter().filter_map(amount).collect();
        vec![
            (sold, "no paid or trial line has the scene's item".to_owned()),
            (units, format!("no paid or trial line has the scene's quantity ({quantity})")),
            (addressed, "no notice tells the scene's e-mail".to_owned()),
            (
                amounts.iter().all(|minor| *minor == scene.amount_minor),
                format!("paid {amounts:?} instead of {}", scene.amount_minor),
            ),
        ]
    })
}

/// Some providers have no quantity: what they send for two and for three is the same.
fn tells_quantities(subject: &Subject<'_>, scene: &Scene) -> bool {
    let more = Scene { quantity: scene.quantity + 1, ..scene.clone() };
    subject.provider.samples(scene) != subject.provider.samples(&more)
}

/// A renewal is another payment for the same line, up to the end that the scene says.
pub(crate) fn a_renewal_extends_the_same_line(subject: &Subject<'_>) -> Vec<String> {
    each_life(subject, true, |life| {
        let scene = scene(Step::Renewal, "kwa1", 1, true);
        let bought: BTreeSet<&str> =
            life.purchase.iter().flat_map(covered_lines).flat_map(names).collect();
        let renewed: Vec<&Line> = life.renewal.iter().flat_map(covered_lines).collect();
        let ends: Vec<_> = renewed.iter().filter_map(|line| line.period).map(|p| p.end).collect();
        let mut payments = Classes::default();
        let all = || life.purchase.iter().chain(&life.renewal);
        all().for_each(|notice| payments.join(&payment_refs(notice)));
        let first = paid_payments(&life.purchase);
        let second = paid_payments(&life.renewal);
        let apart = first.iter().all(|a| second.iter().all(|b| !payments.are_one(a, b)));
        vec![
            (!second.is_empty(), "a renewal pays".to_owned()),
            (apart, "the renewal is the purchase's payment once more".to_owned()),
            (
                renewed.iter().all(|line| names(line).any(|name| bought.contains(name))),
                format!("lines {bought:?} were bought, {renewed:?} renewed"),
            ),
            (
                ends.iter().all(|end| is_end(*end, scene.period_end)),
                format!("ends {ends:?} instead of {}", scene.period_end),
            ),
        ]
    })
}

/// The moment itself or, by a provider that writes days, a midnight next to it.
fn is_end(told: DateTime<Utc>, end: DateTime<Utc>) -> bool {
    let whole_day = told.time() == NaiveTime::MIN;
    told == end || (whole_day && (told - end).abs() < TimeDelta::days(1))
}

/// A refund and a dispute find the payment of their cycle, and no other.
pub(crate) fn money_goes_back_from_its_payment(subject: &Subject<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (cycle, subscription) in [(0, false), (0, true), (1, true)] {
        found.extend(each_life(subject, subscription, |life| {
            let mut payments = Classes::default();
            let paid = if cycle == 0 { &life.purchase } else { &life.renewal };
            let notices_of = |step| life.notices(subject, step, cycle, subscription);
            // Some providers tell of no refund at all.
            let sent_of =
                |step| subject.provider.samples(&scene(step, "kwa1", cycle, subscription));
            let (refund, dispute) = (notices_of(Step::Refund), notices_of(Step::Dispute));
            for notice in life.all().chain(&refund).chain(&dispute) {
                payments.join(&payment_refs(notice));
            }
            let paid = paid_payments(paid);
            let is_paid = |p: &Ref| paid.iter().any(|paid| payments.are_one(paid, p));
            let told = !sent_of(Step::Refund).is_empty();
            let refunded: Vec<&Ref> = refund.iter().filter_map(refunded_payment).collect();
            let disputed: Vec<&Ref> = dispute.iter().filter_map(disputed_payment).collect();
            vec![
                (!told || !refunded.is_empty(), format!("cycle {cycle}: a refund refunds")),
                (
                    refunded.iter().all(|p| is_paid(p)),
                    format!("cycle {cycle}: refunds {refunded:?} of {paid:?}"),
                ),
                (
                    dispute.is_empty() || !disputed.is_empty(),
                    format!("cycle {cycle}: a dispute is opened"),
                ),
                (
                    disputed.iter().all(|p| is_paid(p)),
                    format!("cycle {cycle}: disputes {disputed:?} of {paid:?}"),
                ),
            ]
        }));
    }
    found
}

/// A cancellation, a failed payment and a plan change say so, about the line that was bought.
pub(crate) fn the_other_steps_say_what_they_are(subject: &Subject<'_>) -> Vec<String> {
    each_life(subject, true, |life| {
        let says = |step: Step, is: fn(&Kind) -> bool| {
            let notices = life.notices(subject, step, 1, true);
            let told = notices.is_empty() || notices.iter().any(|notice| is(&notice.kind));
            (told, format!("{} is told otherwise: {notices:?}", step.as_str()))
        };
        let bought: BTreeSet<&str> =
            life.purchase.iter().flat_map(covered_lines).flat_map(names).collect();
        let changed = life.notices(subject, Step::PlanChange, 1, true);
        let lines: Vec<&Line> = changed.iter().flat_map(changed_lines).collect();
        let moved = lines.iter().any(|line| {
            line.item.iter().any(|item| item == ITEM_NEXT)
                && names(line).any(|name| bought.contains(name))
        });
        vec![
            says(Step::Cancel, |kind| matches!(kind, Kind::Canceled { .. } | Kind::Ended { .. })),
            says(Step::PaymentFailed, |kind| matches!(kind, Kind::PaymentFailed)),
            (
                changed.is_empty() || moved,
                format!("the plan of {bought:?} changes to {ITEM_NEXT}: {lines:?}"),
            ),
            (
                changed.iter().flat_map(covered_lines).next().is_none(),
                "a plan change covers time".to_owned(),
            ),
        ]
    })
}

/// All notices of a purchase are one sale; those of two purchases are two.
pub(crate) fn one_purchase_is_one_sale(subject: &Subject<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for subscription in [true, false] {
        let (one, two) = match (
            whole_life(subject, "kwa1", subscription),
            whole_life(subject, "kwb2", subscription),
        ) {
            (Ok(one), Ok(two)) => (one, two),
            (Err(fault), _) | (_, Err(fault)) => {
                found.push(fault);
                continue;
            }
        };
        let mut sales = Classes::default();
        let notices = |events: &[ToldEvent]| -> Vec<Notice> {
            events.iter().flat_map(ToldEvent::notices).cloned().collect()
        };
        let (ours, theirs) = (notices(&one), notices(&two));
        ours.iter().chain(&theirs).for_each(|notice| sales.join(&all_refs(notice)));
        let sales_of = |notices: &[Notice], sales: &Classes| -> BTreeSet<Ref> {
            notices.iter().flat_map(all_refs).map(|r| sales.of(&r)).collect()
        };
        let (ours, theirs) = (sales_of(&ours, &sales), sales_of(&theirs, &sales));
        if ours.len() != 1 {
            found.push(format!("subscription {subscription}: one purchase is the sales {ours:?}"));
        }
        if !ours.is_disjoint(&theirs) {
            found.push(format!("subscription {subscription}: two purchases are one {ours:?}"));
        }
        found.extend(repeated_events(&one, &two));
    }
    found
}

/// What makes an event known again: the provider's id, else its bytes.
fn repeated_events(one: &[ToldEvent], two: &[ToldEvent]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let identity = |event: &ToldEvent| event.id.clone().ok_or_else(|| event.body.clone());
    one.iter()
        .chain(two)
        .filter(|event| !event.recurs)
        .filter(|event| !seen.insert(identity(event)))
        .map(|event| format!("two events are one: {} {:?}", event.event_type, event.id))
        .collect()
}

fn event_faults(event: &ToldEvent, scene: &Scene) -> Vec<String> {
    let mut found: Vec<String> = event.notices().iter().flat_map(faults).collect();
    if let Some(fault) = event.unread() {
        found.push(format!("{}: {fault:?}", event.event_type));
    }
    if event.live == Some(!scene.live) {
        found.push(format!("{}: live is {:?}", event.event_type, event.live));
    }
    found
}
