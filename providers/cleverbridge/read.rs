//! What notifications say.

use chrono::{DateTime, Utc};

use crate::ask::{Ask, Auth, Need};
use crate::notice::{DisputeState, Kind, Line, Notice, Period, Ref};
use crate::read::{self, Envelope, Event, Id, Reading, Unread};

use super::payload::{Document, Item, Purchase, number, time};
use super::{API_PASSWORD, API_USER};

/// The one question: the purchase itself.
const PURCHASE: &str = "purchase";

pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    if body.trim_ascii_start().starts_with(b"<") {
        return Err(Unread::Format(
            "the notification is XML; choose JSON as its format in cleverbridge".to_owned(),
        ));
    }
    let document = Document::parse(body)?;
    let event_type = document.kind().and_then(Id::new);
    Ok(Envelope {
        occurred_at: document.date().ok().flatten(),
        live: document.subject().live(),
        ..Envelope::new(event_type.map_or_else(|| "unknown".to_owned(), String::from), body)
    })
}

/// What a type means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Sold,
    /// On invoice, not paid yet.
    Invoiced,
    Refunded,
    Reduced,
    ChargedBack,
    PaymentFailed,
    OnHold,
    Canceled,
    Deactivated,
    Reinstated,
    RenewalTypeChanged,
    ProfileUpdated,
    Nothing,
}

const TYPES: [(&str, Meaning); 8] = [
    ("PaidOrderNotification", Meaning::Sold),
    ("RegistrationNotification", Meaning::Sold),
    ("NewPurchaseOrderNotification", Meaning::Invoiced),
    ("RefundNotification", Meaning::Refunded),
    ("ReturnDirectDebitNotification", Meaning::Refunded),
    ("PartialRefundNotification", Meaning::Reduced),
    ("ChargebackNotification", Meaning::ChargedBack),
    ("CustomerProfileUpdateNotification", Meaning::ProfileUpdated),
];

/// Not all names of subscriptions' types are documented: the first of these words tells.
const WORDS: [(&str, Meaning); 7] = [
    ("Reminder", Meaning::Nothing),
    ("OnHold", Meaning::OnHold),
    ("Grace", Meaning::PaymentFailed),
    ("Reinstat", Meaning::Reinstated),
    ("Cancel", Meaning::Canceled),
    ("Deactivat", Meaning::Deactivated),
    ("RenewalTypeChanged", Meaning::RenewalTypeChanged),
];

fn meaning(event_type: &str) -> Meaning {
    let subscribed = ["RecurringBilling", "Subscription"];
    let subscribed = subscribed.iter().any(|prefix| event_type.starts_with(prefix));
    let known = TYPES.iter().find(|(name, _)| *name == event_type);
    let by_word =
        || WORDS.iter().filter(|_| subscribed).find(|(word, _)| event_type.contains(word));
    known.or_else(by_word).map_or(Meaning::Nothing, |(_, meaning)| *meaning)
}

/// Nothing is signed: with an account of the API, cleverbridge is asked for what is to give a
/// license.
pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let grants = match meaning(event.event_type) {
        Meaning::Sold => true,
        Meaning::Invoiced => is_early(event),
        _ => false,
    };
    if !grants || event.answers.contains_key(PURCHASE) {
        return Ok(vec![]);
    }
    let document = Document::parse(event.body)?;
    let id = needed("purchaseId", document.subject().purchase_id.as_ref())?;
    if !id.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Unread::value("purchaseId", "not a number"));
    }
    let path = format!("/purchase/getpurchase?purchaseId={id}");
    let auth = Auth::Basic { user: API_USER, password: API_PASSWORD };
    let ask = Ask::get(PURCHASE, "https://rest.cleverbridge.com", path, auth);
    Ok(vec![Ask { need: Need::Configured, ..ask }])
}

/// Does a sale on invoice count before it is paid?
fn is_early(event: &Event<'_>) -> bool {
    event.settings.get("early").is_some_and(|early| early == "yes")
}

pub(super) fn notices(event: &Event<'_>) -> Reading {
    let meaning = meaning(event.event_type);
    if meaning == Meaning::Nothing {
        return Ok(vec![]);
    }
    let document = Document::parse(event.body)?;
    let subject = document.subject();
    match meaning {
        Meaning::Invoiced if !is_early(event) => Ok(vec![]),
        Meaning::Sold | Meaning::Invoiced => {
            if event.answers.get(PURCHASE).is_some_and(|answer| !answer.found()) {
                return Err(Unread::value("purchaseId", "cleverbridge knows no such purchase"));
            }
            sold(event, subject, subject.lines())
        }
        Meaning::Refunded => {
            let mut notices = reimbursed(event, &document, |refund, payment| Kind::Refunded {
                refund,
                payment,
                amount: None,
                total: None,
                full: true,
                lines: vec![],
            })?;
            if document.ends_subscription() {
                notices
                    .extend(of_lines(event, subject, |_| Ok(Some(Kind::Canceled { at: None })))?);
            }
            Ok(notices)
        }
        // How much went back is not told in words that are documented.
        Meaning::Reduced => reimbursed(event, &document, |_, _| Kind::Linked),
        Meaning::ChargedBack => reimbursed(event, &document, |_, payment| Kind::Disputed {
            dispute: payment.id.clone(),
            payment,
            state: DisputeState::Opened,
        }),
        Meaning::PaymentFailed => of_lines(event, subject, |_| Ok(Some(Kind::PaymentFailed))),
        Meaning::OnHold => {
            of_lines(event, subject, |_| Ok(Some(Kind::Ended { at: event.occurred_at })))
        }
        Meaning::Canceled => {
            of_lines(event, subject, |item| Ok(Some(Kind::Canceled { at: ends(subject, item)? })))
        }
        Meaning::Deactivated => {
            // Those that stay say so.
            let stays = |item: &Item| item.status.as_deref() == Some("ACT");
            let some_go = subject.lines().iter().any(|item| !stays(item));
            of_lines(event, subject, |item| match item {
                Some(item) if some_go && stays(item) => Ok(None),
                _ => Ok(Some(Kind::Ended { at: deactivated(event, subject, item)? })),
            })
        }
        Meaning::Reinstated => of_lines(event, subject, |_| Ok(Some(Kind::Uncanceled))),
        Meaning::RenewalTypeChanged => of_lines(event, subject, |item| {
            let billing = item.and_then(|item| item.recurring_billing.as_ref());
            let told = billing.and_then(|billing| billing.renewal_type.as_deref());
            Ok(match told.or(subject.renewal_type.as_deref()) {
                Some("Manual") => Some(Kind::Canceled { at: ends(subject, item)? }),
                Some("Automatic") => Some(Kind::Uncanceled),
                _ => None,
            })
        }),
        Meaning::ProfileUpdated => profile(event, subject),
        Meaning::Nothing => Ok(vec![]),
    }
}

/// A purchase, first or of a later interval: paid, tried, or only changed.
pub(super) fn sold(event: &Event<'_>, purchase: &Purchase, items: &[Item]) -> Reading {
    let id = needed("purchaseId", purchase.purchase_id.as_ref())?;
    let paid_at = purchase.payment_arrive_time.as_deref().or(purchase.creation_time.as_deref());
    let paid_at = paid_at.map(|text| time("paymentArriveTime", text)).transpose()?;
    let (refs, customer) = (refs(purchase, items), purchase.customer());
    let notice = |kind| Notice {
        refs: refs.clone(),
        occurred_at: paid_at.unwrap_or(event.occurred_at),
        line: None,
        kind,
        customer: customer.clone(),
    };
    let (mut paid, mut changed, mut notices) = (vec![], vec![], vec![]);
    for item in items {
        let line = line(id, item)?;
        let billing = item.recurring_billing.as_ref();
        match (billing, line.period) {
            (Some(billing), _) if billing.is_change() => {
                changed.push(Line { period: None, ..line });
            }
            (Some(billing), Some(Period { end, .. })) if billing.is_first() && item.is_free() => {
                let lines = vec![Line { period: None, ..line }];
                notices.push(notice(Kind::Trial { until: end, lines }));
            }
            _ => paid.push(line),
        }
    }
    if !paid.is_empty() {
        let payment = Ref::payment(id);
        notices.push(notice(Kind::Paid { payment, amount: None, lines: paid }));
    }
    if !changed.is_empty() {
        notices.push(notice(Kind::Changed { lines: changed, whole: false }));
    }
    Ok(notices)
}

/// The money of a purchase went back.
fn reimbursed(
    event: &Event<'_>,
    document: &Document,
    kind: impl Fn(String, Ref) -> Kind,
) -> Reading {
    let purchase = document.subject();
    let id = needed("purchase.purchaseId", purchase.purchase_id.as_ref())?;
    let payment = Ref::payment(id);
    let refund = document.reimbursement_id().map_or_else(|| payment.id.clone(), String::from);
    Ok(vec![Notice {
        refs: refs(purchase, purchase.lines()),
        occurred_at: event.occurred_at,
        line: None,
        kind: kind(refund, payment),
        customer: None,
    }])
}

/// What befalls each line of a subscription; all of it, where no lines are told.
fn of_lines<'p>(
    event: &Event<'_>,
    subject: &'p Purchase,
    kind: impl Fn(Option<&'p Item>) -> Result<Option<Kind>, Unread>,
) -> Reading {
    let refs: Vec<Ref> = refs(subject, subject.lines())
        .into_iter()
        // Of what happens between payments: a purchase named here is the latest, or the first.
        .filter(|name| !name.thing.names_payment())
        .collect();
    let notice = |line: Option<String>, kind| Notice {
        refs: refs.clone(),
        occurred_at: event.occurred_at,
        line,
        kind,
        customer: None,
    };
    let mut notices = Vec::new();
    for item in subject.lines() {
        let Some(line) = subscription_line(subject, item) else { continue };
        notices.extend(kind(Some(item))?.map(|kind| notice(Some(line), kind)));
    }
    if subject.lines().is_empty() {
        needed("subscriptionId", subject.subscription_id.as_ref())?;
        notices.extend(kind(None)?.map(|kind| notice(None, kind)));
    }
    Ok(notices)
}

/// The name of a subscription's line, whether the purchase or the subscription tells of it.
fn subscription_line(subject: &Purchase, item: &Item) -> Option<String> {
    let billing = item.recurring_billing.as_ref();
    let of_billing = billing.and_then(|billing| {
        let running = billing.subscription_item_running_no.as_ref();
        billing.subscription().zip(running)
    });
    let of_subscription =
        || subject.subscription_id.as_ref().map(|id| (number(id), &item.running_number));
    let (id, running) = of_billing.or_else(of_subscription)?;
    Some(format!("{}#{running}", Ref::subscription(id)))
}

/// A line of a purchase. It is a license under the subscription's name where it has one; a
/// request for keys may know nothing but its place in the purchase.
fn line(purchase: &Id, item: &Item) -> Result<Line, Unread> {
    let in_order = format!("{}/{}", Ref::order(purchase), item.running_number);
    let mut names = vec![];
    let mut end = None;
    if let Some(billing) = &item.recurring_billing {
        let running = billing.subscription_item_running_no.as_ref();
        let own = billing.subscription().zip(running);
        names.extend(own.map(|(id, running)| format!("{}#{running}", Ref::subscription(id))));
        let original = billing.original_purchase_id.as_ref();
        let original = original.zip(billing.original_purchase_item_running_number.as_ref());
        names.extend(original.map(|(first, running)| format!("{}/{running}", Ref::order(first))));
        let next = billing.next_billing_date.as_deref();
        let path = "items.recurringBilling.nextBillingDate";
        end = next.map(|text| time(path, text)).transpose()?;
    }
    names.push(in_order);
    names.dedup();
    let item_names = item.names();
    if item_names.is_empty() {
        return Err(untold("items.productId"));
    }
    let quantity = item.quantity.as_ref().ok_or_else(|| untold("items.quantity"))?;
    let line = names.remove(0);
    Ok(Line {
        line,
        alias: names,
        item: item_names,
        quantity: read::quantity("items.quantity", quantity.as_str())?,
        period: end.map(|end| Period { start: None, end }),
    })
}

/// The purchase, its subscriptions and what began them; the purchase alone names the payment.
fn refs(purchase: &Purchase, items: &[Item]) -> Vec<Ref> {
    let mut refs: Vec<Ref> = vec![];
    refs.extend(purchase.subscription_id.as_ref().map(|id| Ref::subscription(number(id))));
    for billing in items.iter().filter_map(|item| item.recurring_billing.as_ref()) {
        refs.extend(billing.subscription().map(Ref::subscription));
        refs.extend(billing.original_purchase_id.as_ref().map(Ref::order));
    }
    if let Some(id) = &purchase.purchase_id {
        refs.extend([Ref::order(id), Ref::payment(id)]);
    }
    refs.sort();
    refs.dedup();
    refs
}

/// Until when a cancelled line stays.
fn ends(subject: &Purchase, item: Option<&Item>) -> Result<Option<DateTime<Utc>>, Unread> {
    let billing = item.and_then(|item| item.recurring_billing.as_ref());
    let own = billing.and_then(|billing| billing.next_billing_date.as_deref());
    let told = own.or(subject.end_date.as_deref()).or(subject.next_billing_date.as_deref());
    told.map(|text| time("nextBillingDate", text)).transpose()
}

fn deactivated(
    event: &Event<'_>,
    subject: &Purchase,
    item: Option<&Item>,
) -> Result<DateTime<Utc>, Unread> {
    let own = item.and_then(|item| item.deactivation_date.as_deref());
    let told = own.or(subject.end_date.as_deref());
    told.map_or(Ok(event.occurred_at), |text| time("deactivationDate", text))
}

/// New details of a customer, known by a sale or by cleverbridge's number.
fn profile(event: &Event<'_>, subject: &Purchase) -> Reading {
    let refs = refs(subject, subject.lines());
    let Some(customer) = subject.customer() else { return Ok(vec![]) };
    let kind = match (refs.is_empty(), &customer.provider_id) {
        (false, _) => Kind::Linked,
        (true, Some(_)) => Kind::Customer,
        (true, None) => return Ok(vec![]),
    };
    let occurred_at = event.occurred_at;
    Ok(vec![Notice { refs, occurred_at, line: None, kind, customer: Some(customer) }])
}

fn needed<'i>(path: &str, id: Option<&'i Id>) -> Result<&'i Id, Unread> {
    id.ok_or_else(|| untold(path))
}

fn untold(path: &str) -> Unread {
    Unread::Content { path: path.to_owned(), message: "the notification lacks it".to_owned() }
}
