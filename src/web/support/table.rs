//! Every route of the API for support, and the role that it takes.

use super::{events, hooks, licenses, mail, reload};
use crate::web::cells::table;

table! {
    Support GET    "/events"                          events::list;
    Support POST   "/events/replay"                   events::replay_many;
    Support GET    "/events/{id}"                     events::one;
    Support POST   "/events/{id}/replay"              events::replay;
    Admin   POST   "/events/{id}/ignore"              events::ignore;
    Support GET    "/licenses"                        licenses::list;
    Admin   POST   "/licenses"                        licenses::issue;
    Support GET    "/licenses/{id}"                   licenses::one;
    Admin   PATCH  "/licenses/{id}"                   licenses::set_expiry;
    Support POST   "/licenses/{id}/renew"             licenses::renew;
    Admin   POST   "/licenses/{id}/suspend"           licenses::suspend;
    Admin   POST   "/licenses/{id}/reinstate"         licenses::reinstate;
    Admin   POST   "/licenses/{id}/revoke"            licenses::revoke;
    Support POST   "/licenses/{id}/resend"            licenses::resend;
    Support GET    "/licenses/{id}/activations"       licenses::activations;
    Admin   DELETE "/licenses/{id}/activations/{aid}" licenses::release;
    Support GET    "/mail"                            mail::list;
    Support GET    "/mail/{id}"                       mail::one;
    Support POST   "/mail/{id}/retry"                 mail::retry;
    Support GET    "/hooks"                           hooks::list;
    Support POST   "/hooks/{id}/retry"                hooks::retry;
    Admin   POST   "/reload"                          reload::reload;
}
