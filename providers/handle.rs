//! A provider as an account holds it: one that is built in, or one of the account's own.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::Provider;

/// Cheap to clone, and used as the [`Provider`] that it leads to.
#[derive(Clone)]
pub enum Handle {
    BuiltIn(&'static dyn Provider),
    /// Lives as long as an account holds it: a reload brings another.
    Described(Arc<dyn Provider>),
}

impl Deref for Handle {
    type Target = dyn Provider;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::BuiltIn(provider) => *provider,
            Self::Described(provider) => &**provider,
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.facts().kind).finish()
    }
}
