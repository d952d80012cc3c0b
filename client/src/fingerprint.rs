//! A machine, without saying which.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// SHA-256 over the product and the machine's ids, with a zero byte between, in hex. The product
/// is the salt: two products know one machine by different names, and no id leaves it.
///
/// Take ids that stay: `/etc/machine-id` on Linux, `IOPlatformUUID` on macOS, `MachineGuid` on
/// Windows. Not a network address, a host's or a person's name: they change, or tell.
#[must_use]
pub fn fingerprint(product: &str, machine_ids: &[&str]) -> String {
    let mut hash = Sha256::new_with_prefix(product);
    for id in machine_ids {
        hash.update([0]);
        hash.update(id);
    }
    HEXLOWER.encode(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of docs/machine-license.md.
    #[test]
    fn one_machine_has_another_name_for_each_product() {
        let id = "b0b9f9c2d1c94b0e8b1f7d6a3c5e2f41";
        let pro = fingerprint("acme-pro", &[id]);
        assert_eq!(pro, "f9c74ae91de96550d5e1c454dd745596127d84084cf32005619e64185f266b25");
        assert_ne!(pro, fingerprint("acme-lite", &[id]));
        assert_ne!(fingerprint("acme-pro", &["a", "b"]), fingerprint("acme-pro", &["ab"]));
    }
}
