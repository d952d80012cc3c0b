//! Every page that is measured.

use chrono::{DateTime, TimeDelta, Utc};
use keywright::store::rows::{EventFilter, LicenseFilter};

use crate::text;
use crate::town::{TINY, Town};

/// One address, and what the answer must hold (so that nothing is quick for being wrong).
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) holds: &'static str,
}

/// What pages can be about in this store.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    now: DateTime<Utc>,
    copies: i64,
    /// The newest and the oldest event.
    events: [String; 2],
    /// The provider's name for the oldest event.
    provider_event_id: String,
    license: String,
    long_life: String,
    large_order: String,
    large_order_event: String,
    long_life_sale: String,
    order: String,
    key: String,
    email: String,
}

impl Known {
    pub(crate) async fn of(town: &Town, copies: i64, now: DateTime<Utc>) -> Self {
        let support = &town.support;
        let events = |filter: EventFilter| async move {
            support.event_list(filter, None, 1).await.unwrap().items.remove(0)
        };
        let newest = events(EventFilter::default()).await;
        let oldest =
            support.event_list(EventFilter::default(), Some(2), 1).await.unwrap().items.remove(0);
        let licenses = support.license_list(LicenseFilter::default(), None, 200).await.unwrap();
        let license = licenses.items.into_iter().find(|one| one.order.is_some()).unwrap();
        let long_life = town.license_of("longlife").await;
        let large_order = town.license_of("largeorder").await;
        let sale = |id: String| async move { support.license(&id).await.unwrap().license.sale_id };
        let (long_sale, large_sale) =
            (sale(long_life.clone()).await, sale(large_order.clone()).await);
        let of_large = EventFilter { sale_id: large_sale.parse().ok(), ..EventFilter::default() };
        Self {
            now,
            copies,
            provider_event_id: oldest.provider_event_id.unwrap_or_default(),
            events: [newest.id, oldest.id],
            order: license.order.unwrap(),
            key: license.key,
            email: license.customer.email.unwrap_or_default(),
            license: license.id,
            large_order_event: events(of_large).await.id,
            large_order,
            long_life,
            long_life_sale: long_sale,
        }
    }
}

/// The yardstick first, then every page with filters that find much, little and nothing.
pub(crate) fn pages(known: &Known) -> Vec<Page> {
    let mut pages = vec![page("/healthz", "")];
    for (list, filters) in [
        ("/api/v1/events", events(known)),
        ("/api/v1/licenses", licenses(known)),
        ("/api/v1/mail", mail(known)),
    ] {
        pages.extend(filters.iter().map(|filter| page(&format!("{list}?{filter}"), "items")));
    }
    for event in known.events.iter().chain([&known.large_order_event]) {
        pages.push(page(&format!("/api/v1/events/{event}"), "headers"));
    }
    for license in [&known.license, &known.long_life, &known.large_order] {
        pages.push(page(&format!("/api/v1/licenses/{license}"), "history"));
    }
    pages
}

fn page(path: &str, holds: &'static str) -> Page {
    Page { path: path.to_owned(), holds }
}

fn events(known: &Known) -> Vec<String> {
    let ago = |days| text(known.now - TimeDelta::days(days));
    let (tiny, id) = (TINY, &known.provider_event_id);
    let mut filters: Vec<String> = [
        "",
        "limit=200",
        "cursor=5000000",
        "status=applied",
        "status=ignored",
        "status=failed",
        "status=waiting",
        "status=pending",
        "type=invoice.paid",
        "type=seldom.told",
        "type=never.told",
        "reason=unknown_product",
        "reason=hardly_ever",
        "reason=never_given",
        "account=shop-eu",
        "account=nobody",
        "status=failed&reason=unknown_product",
        "status=failed&reason=hardly_ever",
        "status=ignored&type=seldom.told",
        "status=failed&account=lemon&type=order_created",
        "account=lemon&type=invoice.paid",
        "status=waiting&account=shop-us",
        "account=shop-eu&status=applied&type=charge.refunded",
        "status=failed&reason=unknown_product&account=tiny",
        "q=nobody@nowhere.example",
        "q=reseller@trade.example",
        "q=reseller@trade.example&status=failed",
    ]
    .map(str::to_owned)
    .into();
    filters.extend([
        format!("account={tiny}"),
        format!("account={tiny}&status=failed"),
        format!("account={tiny}&type=seldom.told"),
        format!("since={}", ago(1)),
        format!("until={}", ago(180)),
        format!("until={}", ago(364)),
        format!("until={}", ago(3_000)),
        format!("since={}&until={}", ago(200), ago(199)),
        format!("since={}&status=failed", ago(30)),
        format!("until={}&status=failed", ago(300)),
        format!("since={}&until={}&type=seldom.told", ago(200), ago(100)),
        format!("since={}&type=seldom.told", ago(2)),
        format!("until={}&account=shop-us&status=ignored", ago(360)),
        format!("q={}", known.order),
        format!("q={}", known.email),
        format!("q={}", known.key),
        format!("q={id}"),
        format!("sale_id={}", known.long_life_sale),
        format!("status=failed&cursor={}", known.copies / 2 * crate::copies::STRIDE),
    ]);
    filters
}

fn licenses(known: &Known) -> Vec<String> {
    let mut filters: Vec<String> = [
        "",
        "limit=200",
        "status=active",
        "status=expired",
        "status=suspended",
        "status=revoked",
        "status=pending",
        "product=pro",
        "product=none",
        "product=pro&status=active",
        "product=pro&status=expired",
        "product=pro&status=revoked",
        "product=ever&status=expired",
        "product=lite&status=active",
        "product=lite&status=pending",
        "product=lite&status=suspended",
        "email=reseller@trade.example",
        "email=nobody@nowhere.example",
        "email=reseller@trade.example&status=revoked",
        "order=0",
        "key=ACME-0",
        "q=nothing",
        "q=reseller@trade.example",
    ]
    .map(str::to_owned)
    .into();
    filters.extend([
        format!("cursor={}", known.license),
        format!("cursor={}&status=active", known.long_life),
        format!("email={}", known.email),
        format!("order={}", known.order),
        format!("key={}", known.key),
        format!("q={}", known.order),
        format!("q={}", known.key),
    ]);
    filters
}

fn mail(known: &Known) -> Vec<String> {
    let mut filters: Vec<String> = [
        "",
        "limit=200",
        "cursor=50000",
        "status=queued",
        "status=sent",
        "status=failed",
        "status=held",
        "to=reseller@trade.example",
        "to=nobody@nowhere.example",
        "to=reseller@trade.example&status=failed",
    ]
    .map(str::to_owned)
    .into();
    filters.extend([
        format!("license_id={}", known.license),
        format!("license_id={}&status=failed", known.long_life),
        format!("to={}", known.email),
    ]);
    filters
}
