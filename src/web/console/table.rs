//! Every page and form of the console, and the role that it takes. (Signing in and assets take
//! none.) Nothing but a POST changes anything.

use super::{audit, drill, hooks, mail, providers, sign, today};
use crate::web::cells::table;

table! {
    Support GET  ""                          today::page;
    Support GET  "/audit"                    audit::list;
    Admin   POST "/audit/verify"             audit::verify;
    Support GET  "/hooks"                    hooks::list;
    Support POST "/hooks/{id}/retry"         hooks::retry;
    Support GET  "/mail"                     mail::list;
    Support GET  "/mail/{id}"                mail::one;
    Support GET  "/mail/{id}/html"           mail::html;
    Support POST "/mail/{id}/retry"          mail::retry;
    Support GET  "/providers"                providers::list;
    Support GET  "/providers/{account}"      providers::one;
    Admin   POST "/providers/{account}/test" drill::test;
    Support POST "/sign-out"                 sign::sign_out;
}
