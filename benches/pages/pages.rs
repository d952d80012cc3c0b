//! Every page that is measured, and what its answer must be (so that nothing is quick for being
//! wrong).

use crate::known::Known;
use crate::town::RESELLER;
use crate::visits::VISITS;

/// One address.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// What it is one address of.
    pub(crate) route: String,
    pub(crate) path: String,
    pub(crate) who: Who,
    pub(crate) status: u16,
    /// Stands in the answer.
    pub(crate) holds: &'static str,
}

/// Who asks for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// An admin, by token at the API and signed in at the console.
    Desk,
    /// The customer of this address, signed in.
    Customer(String),
    Nobody,
}

/// Nothing is quicker.
pub(crate) const YARDSTICK: &str = "/healthz";

/// What a page of people ends with.
const WHOLE: &str = "</html>";

/// The yardstick first, then every page.
pub(crate) fn pages(known: &Known) -> Vec<Page> {
    let mut pages = vec![page(YARDSTICK, Who::Nobody, "")];
    let filled = |path: &str| known.fill(path);
    for visit in VISITS {
        let console = |path: &&str| Page {
            route: format!("/console{}", visit.route),
            ..page(&filled(&format!("/console{path}")), Who::Desk, WHOLE)
        };
        pages.extend(visit.shown.iter().map(console).map(|page| match visit.route {
            // What stands in a letter is no whole page.
            "/mail/{id}/html" => Page { holds: "<base target", ..page },
            _ => page,
        }));
        let leads_on = |page: Page| Page { status: 303, holds: "/console/", ..page };
        pages.extend(visit.leads_on.iter().map(console).map(leads_on));
    }
    pages.push(page("/console/sign-in", Who::Nobody, WHOLE));
    for who in [RESELLER, known.word("large_order_email"), known.word("email")] {
        pages.push(page("/my", Who::Customer(who.to_owned()), WHOLE));
    }
    pages.push(page("/my/offline", Who::Customer(RESELLER.to_owned()), WHOLE));
    pages.push(page("/my", Who::Nobody, WHOLE));
    pages.push(page("/my/in?link=nothing", Who::Nobody, WHOLE));
    for (path, filters, holds) in LISTS {
        pages.extend(filters.iter().map(|filter| Page {
            route: path.trim_end_matches('?').to_owned(),
            ..page(&filled(&format!("{path}{filter}")), Who::Desk, holds)
        }));
    }
    pages
}

fn page(path: &str, who: Who, holds: &'static str) -> Page {
    let route = path.split('?').next().unwrap_or(path).to_owned();
    Page { route, path: path.to_owned(), who, status: 200, holds }
}

/// Of the API.
const LISTS: [(&str, &[&str], &str); 5] = [
    ("/api/v1/events?", EVENTS, "items"),
    ("/api/v1/licenses?", LICENSES, "items"),
    ("/api/v1/mail?", MAIL, "items"),
    ("/api/v1/events/", &["{newest}", "{oldest}", "{large_order_event}"], "headers"),
    ("/api/v1/licenses/", &["{license}", "{long_life}", "{large_order}"], "history"),
];

const EVENTS: &[&str] = &[
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
    "account=tiny",
    "account=tiny&status=failed",
    "account=tiny&type=seldom.told",
    "since={day_ago}",
    "until={half_a_year_ago}",
    "until={year_ago}",
    "until={ages_ago}",
    "since={200_days_ago}&until={199_days_ago}",
    "since={month_ago}&status=failed",
    "until={300_days_ago}&status=failed",
    "since={200_days_ago}&until={hundred_days_ago}&type=seldom.told",
    "since={two_days_ago}&type=seldom.told",
    "until={year_ago}&account=shop-us&status=ignored",
    "q={order}",
    "q={email}",
    "q={key}",
    "q={provider_event}",
    "sale_id={long_life_sale}",
    "status=failed&cursor={middle}",
];

const LICENSES: &[&str] = &[
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
    "cursor={license}",
    "cursor={long_life}&status=active",
    "email={email}",
    "order={order}",
    "key={key}",
    "q={order}",
    "q={key}",
];

const MAIL: &[&str] = &[
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
    "license_id={license}",
    "license_id={long_life}&status=failed",
    "to={email}",
];
