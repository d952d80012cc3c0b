//! People whom a proxy in front of this service has signed in: who they are to the console. What
//! they may do is asked anew at each request, of what the proxy says in it and of the users.

use super::actors::PROXY;
use super::sessions::{Holder, Member, SessionText, begun};
use super::{Failure, Support};
use crate::store::types::{Digest, Role};
use crate::store::{StoreError, Tx};

/// What a proxy says of whoever sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// As the proxy writes it.
    pub name: String,
    pub standing: Standing,
}

/// Where the role of somebody for whom a proxy vouches comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// From the configuration; `None`: he has none.
    Written(Option<Role>),
    /// From the user of the same name.
    OfUser,
}

impl Vouched {
    pub(super) fn holder(&self) -> Holder {
        Holder::Proxy(self.name.clone())
    }

    /// Who that is to the console, as long as he has a role.
    pub(super) fn member(&self, tx: &mut Tx<'_>) -> Result<Option<Member>, StoreError> {
        let role = match self.standing {
            Standing::Written(role) => role,
            Standing::OfUser => tx
                .user_by_name(&self.name)?
                .filter(|user| user.revoked_at.is_none())
                .map(|user| user.role),
        };
        Ok(role.map(|role| Member { name: format!("{PROXY}{}", self.name), role }))
    }
}

impl Support {
    /// Who that is to the console; `None`: he has no role.
    ///
    /// # Errors
    /// [`Failure::Store`]: then it is not known.
    pub async fn vouched_member(&self, vouched: &Vouched) -> Result<Option<Member>, Failure> {
        let vouched = vouched.clone();
        self.read("vouched find", move |tx| Ok(vouched.member(tx)?)).await
    }

    /// Begins a session for him, if he has a role; `before`, the one that his browser had, ends.
    /// That he is here stands in the audit.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn vouched_begin(
        &self,
        vouched: &Vouched,
        before: Option<&str>,
    ) -> Result<Option<(SessionText, Member)>, Failure> {
        let (text, session) = self.session_new(&vouched.holder())?;
        let (vouched, before) = (vouched.clone(), before.map(Digest::of));
        let member = self
            .write("vouched begin", move |tx| {
                let Some(member) = vouched.member(tx)? else { return Ok(None) };
                if let Some(before) = &before {
                    tx.session_end(before)?;
                }
                begun(tx, &session, Some(&member))?;
                Ok(Some(member))
            })
            .await?;
        Ok(member.map(|member| (text, member)))
    }
}
