//! Every page and form of the console, and the role that it takes. (Signing in and assets take
//! none.) Nothing but a POST changes anything.

use super::{licenses, mail, sign, today};
use crate::web::cells::table;

table! {
    Support GET  ""                 today::page;
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
    Support GET  "/mail"            mail::list;
    Support GET  "/mail/{id}"       mail::one;
    Support GET  "/mail/{id}/html"  mail::html;
    Support POST "/mail/{id}/retry" mail::retry;
    Support POST "/sign-out"        sign::sign_out;
}
