//! The pages of the console that are measured, by their routes. A test holds this list against the
//! console's own table, so that none is left out.
//!
//! `{words}` in an address are what the store holds: see `Known`.

/// One route that is asked by GET.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    /// As it stands in the console's table.
    pub(crate) route: &'static str,
    /// Addresses that show a page.
    pub(crate) shown: &'static [&'static str],
    /// Addresses that only lead to another one.
    pub(crate) leads_on: &'static [&'static str],
}

/// Of each page the filters that find much, little and nothing, and the largest thing it can show.
pub(crate) const VISITS: &[Visit] = &[
    shows("", &[""]),
    shows(
        "/audit",
        &[
            "/audit",
            "/audit?cursor=50000",
            "/audit?all=true",
            "/audit?actor=ann",
            "/audit?actor=nobody",
            "/audit?actor=nobody&all=true",
            "/audit?action=suspended",
            "/audit?action=never_done",
            "/audit?action=never_done&all=true",
            "/audit?action=issued&all=true",
            "/audit?subject={license}&all=true",
            "/audit?subject=event:{oldest}",
            "/audit?actor=ann&action=suspended&subject=license:{license}",
            "/audit?since={day_ago}",
            "/audit?since={day_ago}&all=true",
            "/audit?until={year_ago}&all=true",
            "/audit?since={year_ago}&until={month_ago}&actor=nobody&all=true",
        ],
    ),
    leads_on("/audit/verify", &["/audit/verify"]),
    shows(
        "/events",
        &[
            "/events",
            "/events?cursor={middle}",
            "/events?status=failed",
            "/events?status=failed&reason=unknown_product",
            "/events?status=pending",
            "/events?account=shop-eu&status=applied&type=charge.refunded",
            "/events?account=tiny",
            "/events?account=nobody",
            "/events?reason=never_given",
            "/events?type=seldom.told",
            "/events?since={day_ago}",
            "/events?since={month_ago}&status=failed",
            "/events?until={year_ago}",
            "/events?q=reseller@trade.example",
            "/events?q={order}",
            "/events?q={provider_event}",
            "/events?sale_id={long_life_sale}",
        ],
    ),
    shows(
        "/events/replay",
        &[
            "/events/replay",
            "/events/replay?status=failed&reason=unknown_product",
            "/events/replay?sale_id={large_order_sale}",
            "/events/replay?sale_id={long_life_sale}",
            "/events/replay?account=nobody",
        ],
    ),
    shows(
        "/events/{id}",
        &[
            "/events/{newest}",
            "/events/{oldest}",
            "/events/{long_life_event}",
            "/events/{large_order_event}",
        ],
    ),
    leads_on("/events/{id}/dry-run", &["/events/{newest}/dry-run"]),
    leads_on("/events/{id}/ignore", &["/events/{newest}/ignore"]),
    leads_on("/events/{id}/personal", &["/events/{newest}/personal"]),
    leads_on("/events/{id}/replay", &["/events/{newest}/replay"]),
    Visit {
        route: "/find",
        shown: &[
            "/find",
            "/find?q={email}",
            "/find?q=reseller@trade.example",
            "/find?q={large_order_email}",
            "/find?q=nobody@nowhere.example",
        ],
        leads_on: &["/find?q={key}", "/find?q={license}", "/find?q={provider_event}", "/find?q=1"],
    },
    shows(
        "/hooks",
        &[
            "/hooks",
            "/hooks?cursor={middle}",
            "/hooks?status=failed",
            "/hooks?status=queued",
            "/hooks?status=held",
            "/hooks?status=sent",
            "/hooks?hook=erp",
            "/hooks?hook=nobody",
            "/hooks?hook=erp&status=failed",
            "/hooks?license={license}",
            "/hooks?license={key}&status=failed",
        ],
    ),
    shows(
        "/licenses",
        &[
            "/licenses",
            "/licenses?cursor={license}",
            "/licenses?status=active",
            "/licenses?status=expired",
            "/licenses?status=suspended",
            "/licenses?status=pending&product=lite",
            "/licenses?status=revoked&product=pro",
            "/licenses?product=none",
            "/licenses?q={email}",
            "/licenses?q={key}",
            "/licenses?q=nothing",
            "/licenses?email=reseller@trade.example",
            "/licenses?email=reseller@trade.example&status=revoked",
            "/licenses?email={large_order_email}",
            "/licenses?order={order}",
        ],
    ),
    shows("/licenses/new", &["/licenses/new"]),
    shows(
        "/licenses/{id}",
        &[
            "/licenses/{license}",
            "/licenses/{long_life}",
            "/licenses/{large_order}",
            "/licenses/{resold}",
        ],
    ),
    shows(
        "/mail",
        &[
            "/mail",
            "/mail?cursor={middle}",
            "/mail?status=queued",
            "/mail?status=failed",
            "/mail?status=sent",
            "/mail?status=held",
            "/mail?to=reseller@trade.example",
            "/mail?to=reseller@trade.example&status=failed",
            "/mail?to=nobody@nowhere.example",
            "/mail?to={large_order_email}",
            "/mail?license={license}",
        ],
    ),
    shows("/mail/{id}", &["/mail/{mail}", "/mail/{queued_mail}", "/mail/{failed_mail}"]),
    shows("/mail/{id}/html", &["/mail/{mail}/html", "/mail/{queued_mail}/html"]),
    shows("/providers", &["/providers"]),
    shows("/providers/{account}", &["/providers/shop-eu", "/providers/tiny"]),
    shows("/reload", &["/reload"]),
];

const fn shows(route: &'static str, shown: &'static [&'static str]) -> Visit {
    Visit { route, shown, leads_on: &[] }
}

const fn leads_on(route: &'static str, leads_on: &'static [&'static str]) -> Visit {
    Visit { route, shown: &[], leads_on }
}
