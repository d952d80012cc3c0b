//! What a customer does himself, on a page of his own: he is known by an address that a mail
//! reached, and whatever has that address as its own is his.
//!
//! - [`links`]: the way in, a link that is mailed to the address on file
//! - [`licenses`]: what he has, and how often he may do what
//! - [`acts`]: a machine released, a key sent again
//!
//! What he does stands in the history as done by `customer`, never with his address.

pub mod acts;
pub mod licenses;
pub mod links;

pub use licenses::Mine;
pub use links::Links;

use super::acts::locked;
use super::licenses::find;
use super::{Failure, Refusal};
use crate::store::Tx;
use crate::store::rows::LicenseRow;

/// The license of that id or key, if it is his. Another's is as unknown as one that is not there.
fn owned(tx: &mut Tx<'_>, email: &str, name: &str) -> Result<LicenseRow, Failure> {
    let row = find(tx, name)?;
    match row.email.as_deref() == Some(email) {
        true => Ok(row),
        false => Err(Refusal::UnknownLicense(name.to_owned()).into()),
    }
}

/// The same, with its sale locked, as activations lock it: they come before or after, never
/// between.
fn owned_locked(tx: &mut Tx<'_>, email: &str, name: &str) -> Result<LicenseRow, Failure> {
    let seen = owned(tx, email, name)?;
    locked(tx, &seen.id, None)?;
    // Looked at again: while we waited it may have become another's.
    owned(tx, email, &seen.id)
}
