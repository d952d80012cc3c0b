//! What people do about a license. What takes something away needs a reason, and the version that
//! was seen: of two people at once the second is told.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::page::Done;
use super::{Console, named};
use crate::rules::span::Interval;
use crate::store::types::LicenseStatus;
use crate::support::Asked;
use crate::support::acts::Wish;
use crate::support::when::End;
use crate::web::console::ask::Ask;
use crate::web::console::guard::Visitor;
use crate::web::html::see_other;
use crate::web::problem::{Code, Problem};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Renewal {
    interval: Option<Interval>,
    expires_at: Option<End>,
}

#[derive(Debug, Deserialize)]
struct Dated {
    expires_at: End,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Resending {
    email: Option<String>,
}

/// What a form asks for.
#[derive(Debug, Clone, Copy)]
enum Act {
    Renew,
    SetExpiry,
    Suspend,
    Reinstate,
    Revoke,
}

pub(in crate::web::console) async fn renew(
    console: Data<Console>,
    id: Path<String>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    console.act(&id, Act::Renew, ask).await
}

pub(in crate::web::console) async fn set_expiry(
    console: Data<Console>,
    id: Path<String>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    console.act(&id, Act::SetExpiry, ask).await
}

pub(in crate::web::console) async fn suspend(
    console: Data<Console>,
    id: Path<String>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    console.act(&id, Act::Suspend, ask).await
}

pub(in crate::web::console) async fn reinstate(
    console: Data<Console>,
    id: Path<String>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    console.act(&id, Act::Reinstate, ask).await
}

pub(in crate::web::console) async fn revoke(
    console: Data<Console>,
    id: Path<String>,
    ask: Ask,
) -> Result<HttpResponse, Problem> {
    console.act(&id, Act::Revoke, ask).await
}

/// To the address that is known, or to a corrected one, for this once.
pub(in crate::web::console) async fn resend(
    console: Data<Console>,
    id: Path<String>,
    mut ask: Ask,
) -> Result<HttpResponse, Problem> {
    let visitor = ask.visitor.clone();
    let outcome = async {
        let asked = seen(ask.asked()?)?;
        let Resending { email } = ask.read()?;
        console.support.resend(named(&id)?, email.as_deref(), asked).await?;
        Ok(Done::Resent)
    };
    console.answer(&id, &visitor, outcome.await).await
}

pub(in crate::web::console) async fn release(
    console: Data<Console>,
    path: Path<(String, String)>,
    mut ask: Ask,
) -> Result<HttpResponse, Problem> {
    let (id, machine) = path.into_inner();
    let visitor = ask.visitor.clone();
    let outcome = async {
        let asked = seen(ask.asked_why()?)?;
        ask.no_more()?;
        let machine: String = machine.chars().take(64).collect();
        console.support.activation_release(named(&id)?, &machine, asked).await?;
        Ok(Done::Released)
    };
    console.answer(&id, &visitor, outcome.await).await
}

impl Console {
    async fn act(&self, id: &str, act: Act, ask: Ask) -> Result<HttpResponse, Problem> {
        let visitor = ask.visitor.clone();
        let outcome = async {
            let (wish, asked) = self.wish(named(id)?, act, ask).await?;
            self.support.act(named(id)?, wish, asked).await?;
            Ok(act.done())
        };
        self.answer(id, &visitor, outcome.await).await
    }

    async fn wish(&self, id: &str, act: Act, mut ask: Ask) -> Result<(Wish, Asked), Problem> {
        let asked = match act {
            Act::Suspend | Act::Revoke => ask.asked_why()?,
            Act::Renew | Act::SetExpiry | Act::Reinstate => ask.asked()?,
        };
        let asked = seen(asked)?;
        let wish = match act {
            Act::Renew => ask.read::<Renewal>()?.wish()?,
            Act::SetExpiry => self.dated(id, ask.read()?, &asked).await?,
            Act::Suspend => plain(ask, Wish::Suspend)?,
            Act::Reinstate => plain(ask, Wish::Reinstate)?,
            Act::Revoke => plain(ask, Wish::Revoke)?,
        };
        Ok((wish, asked))
    }

    /// A date that takes time away needs a reason. (It is compared with the version that was
    /// seen: with any other the act is refused.)
    async fn dated(&self, id: &str, dated: Dated, asked: &Asked) -> Result<Wish, Problem> {
        let Dated { expires_at: End(end) } = dated;
        let before = self.support.license(id).await?.license;
        let waits = before.status == LicenseStatus::Pending.as_str();
        let shortens = !waits && before.expires_at.is_none_or(|at| at > end);
        if shortens && asked.reason().is_none() {
            let detail = "this takes time away from the customer; say why";
            return Err(Problem::new(Code::InvalidField, detail).of_field("reason"));
        }
        Ok(Wish::SetExpiry(end))
    }

    /// Leads to the license, which says what was done; or tells why it was not.
    async fn answer(
        &self,
        id: &str,
        visitor: &Visitor,
        outcome: Result<Done, Problem>,
    ) -> Result<HttpResponse, Problem> {
        match outcome {
            Ok(done) => Ok(see_other(&format!("/console/licenses/{id}?done={}", done.word()))),
            Err(problem) => self.refused(id, visitor, problem).await,
        }
    }
}

impl Act {
    fn done(self) -> Done {
        match self {
            Self::Renew => Done::Renewed,
            Self::SetExpiry => Done::Dated,
            Self::Suspend => Done::Suspended,
            Self::Reinstate => Done::Reinstated,
            Self::Revoke => Done::Revoked,
        }
    }
}

impl Renewal {
    fn wish(self) -> Result<Wish, Problem> {
        match (self.interval, self.expires_at) {
            (Some(_), Some(_)) => {
                let detail = "give an interval or a date, not both";
                Err(Problem::new(Code::InvalidField, detail).of_field("interval"))
            }
            (interval, None) => Ok(Wish::Renew(interval)),
            (None, Some(End(end))) => Ok(Wish::RenewUntil(end)),
        }
    }
}

/// For what has no fields of its own.
fn plain(ask: Ask, wish: Wish) -> Result<Wish, Problem> {
    ask.no_more()?;
    Ok(wish)
}

/// Every form of the page says which version it was made for.
fn seen(asked: Asked) -> Result<Asked, Problem> {
    match asked.version {
        Some(_) => Ok(asked),
        None => {
            let detail = "the form does not say for which version of the license it was made; open \
                          the license and send it again";
            Err(Problem::new(Code::InvalidField, detail).of_field("version"))
        }
    }
}
