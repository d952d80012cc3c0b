//! Licenses and the machines that hold their seats.

use chrono::{DateTime, Utc};

use super::{Link, Tx};
use crate::store::error::StoreError;
use crate::store::rows::{ActivationRow, Ending, LicenseCount, LicenseFilter, LicenseRow};
use crate::store::{pg, sqlite};

functions! {
    /// A new license.
    license_insert(license: &LicenseRow) -> ();
    /// Replaces a license whose version is still `expected`; its version becomes one more,
    /// whatever the row says. [`StoreError::Conflict`]: it is not.
    license_update(license: &LicenseRow, expected: i64) -> ();
    /// A license, locked until the transaction ends.
    license_lock(id: &str) -> Option<LicenseRow>;
    /// The licenses of a sale, by slot.
    licenses_of_sale(sale_id: i64) -> Vec<LicenseRow>;
    /// The ids of those licenses of a sale for which another one stands now.
    licenses_merged(sale_id: i64, into: &str) -> Vec<String>;
    /// One license.
    license_by_id(id: &str) -> Option<LicenseRow>;
    /// The license that has this key.
    license_by_key(key: &str) -> Option<LicenseRow>;
    /// Licenses, newest first, but those that expired by their end, the latest first; the cursor
    /// is the id of the last one seen.
    license_list(
        filter: &LicenseFilter,
        now: DateTime<Utc>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Vec<LicenseRow>;
    /// How many there are of each product in each status, without those that were active and
    /// another stands for now.
    license_counts(now: DateTime<Utc>) -> Vec<LicenseCount>;
    /// Active licenses whose end comes after `after` and not after `until`, by it and the id. A
    /// further page goes on behind the license `last`, which ends at `after`.
    licenses_ending(
        ending: Ending,
        after: DateTime<Utc>,
        last: Option<&str>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Vec<LicenseRow>;
    /// The activations of a license, oldest first, released ones too.
    activations_of_license(license_id: &str) -> Vec<ActivationRow>;
    /// How many seats of each of these licenses are held; those with none are left out.
    activations_held_by(license_ids: &[String]) -> Vec<(String, i64)>;
    /// A new activation. The caller holds the license's lock and has counted.
    activation_insert(activation: &ActivationRow) -> ();
    /// Replaces an activation.
    activation_update(activation: &ActivationRow) -> ();
    /// The activation of a machine, released or not.
    activation_find(license_id: &str, fingerprint: &str) -> Option<ActivationRow>;
    /// How many seats of a license are held. The caller holds its lock.
    activations_held(license_id: &str) -> i64;
    /// The machine was heard of now; nothing happens where its seat was freed meanwhile.
    activation_seen(id: &str, now: DateTime<Utc>) -> ();
    /// The number of the next machine license of a license: one more, and no less than the seconds
    /// since 1970, so that a database put back from a backup does not go back. Its version stays:
    /// nothing that people see has changed. The caller holds the lock of its sale, as everyone who
    /// writes licenses. [`StoreError::Conflict`]: there is no such license.
    license_sequence(id: &str, now: DateTime<Utc>) -> i64;
    /// The machines of `from` are `into`'s from now on, and its machine licenses go on from the
    /// higher number of the two. The caller has locked the sales of both.
    license_succeed(from: &str, into: &str) -> ();
    /// Frees its seat. False: there is no such activation of this license, or it was free.
    activation_release(license_id: &str, activation_id: &str, now: DateTime<Utc>) -> bool;
}
