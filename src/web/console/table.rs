//! Every page and form of the console, and the role that it takes. (Signing in and assets take
//! none.) Nothing but a POST changes anything.

use super::{mail, sign, today};
use crate::web::cells::table;

table! {
    Support GET  ""                 today::page;
    Support GET  "/mail"            mail::list;
    Support GET  "/mail/{id}"       mail::one;
    Support GET  "/mail/{id}/html"  mail::html;
    Support POST "/mail/{id}/retry" mail::retry;
    Support POST "/sign-out"        sign::sign_out;
}
