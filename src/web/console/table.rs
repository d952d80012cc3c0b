//! Every page and form of the console, and the role that it takes. (Signing in and assets take
//! none.) Nothing but a POST changes anything.

use super::{
    audit, drill, events, find, hooks, licenses, mail, providers, reload, replays, sign, today,
};
use crate::web::cells::table;

table! {
    Support GET  ""                                      today::page;
    Support GET  "/audit"                                audit::list;
    Admin   GET  "/audit/verify"                         audit::back;
    Admin   POST "/audit/verify"                         audit::verify;
    Support GET  "/events"                               events::list;
    Support GET  "/events/replay"                        replays::page;
    Support POST "/events/replay"                        replays::replay;
    Support GET  "/events/{id}"                          events::one;
    Support GET  "/events/{id}/dry-run"                  events::back;
    Support POST "/events/{id}/dry-run"                  events::dry_run;
    Support GET  "/events/{id}/ignore"                   events::back;
    Admin   POST "/events/{id}/ignore"                   events::ignore;
    Support GET  "/events/{id}/personal"                 events::back;
    Support POST "/events/{id}/personal"                 events::personal;
    Support GET  "/events/{id}/replay"                   events::back;
    Support POST "/events/{id}/replay"                   events::replay;
    Support GET  "/find"                                 find::page;
    Support GET  "/hooks"                                hooks::list;
    Support POST "/hooks/{id}/retry"                     hooks::retry;
    Support GET  "/licenses"                             licenses::list;
    Admin   POST "/licenses"                             licenses::issue;
    Admin   GET  "/licenses/new"                         licenses::blank;
    Support GET  "/licenses/{id}"                        licenses::one;
    Admin   POST "/licenses/{id}/expiry"                 licenses::set_expiry;
    Admin   POST "/licenses/{id}/machines/{aid}/release" licenses::release;
    Admin   POST "/licenses/{id}/reinstate"              licenses::reinstate;
    Support POST "/licenses/{id}/renew"                  licenses::renew;
    Support POST "/licenses/{id}/resend"                 licenses::resend;
    Admin   POST "/licenses/{id}/revoke"                 licenses::revoke;
    Admin   POST "/licenses/{id}/suspend"                licenses::suspend;
    Support GET  "/mail"                                 mail::list;
    Support GET  "/mail/{id}"                            mail::one;
    Support GET  "/mail/{id}/html"                       mail::html;
    Support POST "/mail/{id}/retry"                      mail::retry;
    Support GET  "/providers"                            providers::list;
    Support GET  "/providers/{account}"                  providers::one;
    Admin   POST "/providers/{account}/test"             drill::test;
    Admin   GET  "/reload"                               reload::page;
    Admin   POST "/reload"                               reload::reload;
    Support POST "/sign-out"                             sign::sign_out;
}
