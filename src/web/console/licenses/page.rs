//! One license: how it stands, its life, and what may be done about it.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Console, named};
use crate::store::types::{LicenseStatus, Role};
use crate::support::life::LicenseLife;
use crate::support::view::text;
use crate::web::console::guard::Visitor;
use crate::web::html::life::draw;
use crate::web::problem::Problem;

/// What was done a moment ago.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web::console) struct After {
    done: Option<String>,
}

pub(in crate::web::console) async fn one(
    console: Data<Console>,
    visitor: Visitor,
    id: Path<String>,
    after: Query<After>,
) -> Result<HttpResponse, Problem> {
    let life = console.support.license_life(named(&id)?).await?;
    let done = after.done.as_deref().and_then(Done::of_word);
    let role = visitor.member.role;
    let facts = json!({
        "done": done.map(Done::sentence),
        "undo": done.and_then(|done| done.undo(&life, role)),
        "may": May::of(&life, role).facts(),
        "drawing": draw(&life, console.support.clock.now()),
        "once": console.form_number()?,
        "license": life,
    });
    Ok(console.page(&visitor, "licenses", "console/license.html", facts))
}

/// What was done, as it stands in the address afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Renewed,
    Dated,
    Suspended,
    Reinstated,
    Revoked,
    Resent,
    Released,
    Issued,
}

impl Done {
    const ALL: [Self; 8] = [
        Self::Renewed,
        Self::Dated,
        Self::Suspended,
        Self::Reinstated,
        Self::Revoked,
        Self::Resent,
        Self::Released,
        Self::Issued,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::Dated => "dated",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
            Self::Revoked => "revoked",
            Self::Resent => "resent",
            Self::Released => "released",
            Self::Issued => "issued",
        }
    }

    /// Whatever else stands in the address says nothing.
    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.word() == word)
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Renewed => "Renewed: the license lasts longer now.",
            Self::Dated => "The date is set.",
            Self::Suspended => "Suspended: no machine may use it until it is reinstated.",
            Self::Reinstated => "Reinstated: machines may use it again.",
            Self::Revoked => "Revoked: no machine may use it any more.",
            Self::Resent => "The key is on its way; the mail stands below.",
            Self::Released => {
                "Released: the seat is free. (A machine that still runs the application can take a \
                 seat again.)"
            }
            Self::Issued => "Given: the key is on its way to the customer.",
        }
    }

    /// The way back, where there is one, for those who may.
    fn undo(self, life: &LicenseLife, role: Role) -> Option<Value> {
        if role != Role::Admin {
            return None;
        }
        match self {
            Self::Suspended | Self::Revoked => Some(json!({ "act": "reinstate" })),
            Self::Renewed | Self::Dated => {
                let moved = life.moved.as_ref()?;
                // A later move is not this one, and what had no end gets none by a date.
                let from = moved.from.filter(|_| moved.to == life.whole.license.expires_at)?;
                Some(json!({ "act": "expiry", "expires_at": text(from) }))
            }
            Self::Reinstated | Self::Resent | Self::Released | Self::Issued => None,
        }
    }
}

/// What this visitor may do to this license as it stands.
struct May {
    renew: bool,
    date: bool,
    suspend: bool,
    reinstate: bool,
    revoke: bool,
    resend: bool,
    release: bool,
}

impl May {
    fn of(life: &LicenseLife, role: Role) -> Self {
        let license = &life.whole.license;
        let status = license.status.parse::<LicenseStatus>();
        let admin = role == Role::Admin;
        let revoked = status == Ok(LicenseStatus::Revoked);
        let stopped = revoked || status == Ok(LicenseStatus::Suspended);
        let pending = status == Ok(LicenseStatus::Pending);
        Self {
            renew: !revoked && (license.expires_at.is_some() || pending),
            date: admin,
            suspend: admin && !stopped,
            reinstate: admin && stopped,
            revoke: admin && !revoked,
            resend: !revoked,
            release: admin,
        }
    }

    fn facts(&self) -> Value {
        let Self { renew, date, suspend, reinstate, revoke, resend, release } = self;
        json!({
            "renew": renew,
            "date": date,
            "suspend": suspend,
            "reinstate": reinstate,
            "revoke": revoke,
            "resend": resend,
            "release": release,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_service_says_is_told_as_done() {
        for done in Done::ALL {
            assert_eq!(Done::of_word(done.word()), Some(done));
        }
        assert_eq!(Done::of_word("you have won"), None);
    }
}
