//! `/reload`: the configuration anew.

use std::future::Future;
use std::pin::Pin;

use actix_web::web::{Data, Json};
use serde::Serialize;

use super::Desk;
use super::ask::Ask;
use crate::support::{Asked, Failure};
use crate::web::problem::{Code, Problem};

/// Loads products and accounts anew, as a whole or not at all.
pub trait Reload: Send + Sync {
    /// Why not, where the old configuration stays in force.
    fn reload(&self, asked: Asked) -> Reloading<'_>;
}

/// What comes of it.
pub type Reloading<'a> = Pin<Box<dyn Future<Output = Result<ReloadDone, NotReloaded>> + Send + 'a>>;

/// Why the old configuration stays in force.
#[derive(Debug)]
pub enum NotReloaded {
    /// Every fault of the new one, a line each.
    Faulty(Vec<String>),
    /// It is right, and events could not be tried again with it.
    Failed(Failure),
}

/// What is in force now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReloadDone {
    pub accounts: usize,
    pub products: usize,
    /// Events that had failed for want of a product or an account, and are tried again.
    pub replayed: usize,
    /// What is allowed and yet worth a word, a sentence each.
    pub warnings: Vec<String>,
}

pub(super) async fn reload(desk: Data<Desk>, ask: Ask) -> Result<Json<ReloadDone>, Problem> {
    reloaded(desk.reload.as_ref(), ask.asked(None, None)?).await.map(Json)
}

/// Loads the configuration anew.
pub(in crate::web) async fn reloaded(
    reload: &dyn Reload,
    asked: Asked,
) -> Result<ReloadDone, Problem> {
    reload.reload(asked).await.map_err(|error| match error {
        NotReloaded::Faulty(faults) => {
            let detail = "the configuration is faulty; mend what faults names and reload again";
            Problem::new(Code::ConfigurationFaulty, detail).with_faults(faults)
        }
        NotReloaded::Failed(failure) => failure.into(),
    })
}
