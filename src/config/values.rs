//! Small values with a form of their own: sizes, networks, addresses of people and sockets.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::Deserialize;

/// A number of bytes: `1MiB`, `512KiB`, `65536`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Size(pub(super) usize);

impl TryFrom<String> for Size {
    type Error = &'static str;

    /// Between 1 KiB and 64 MiB: no provider sends less, and what is larger is no webhook.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match text.strip_prefix(digits) {
            Some("" | "B") => 1,
            Some("KiB") => 1024,
            Some("MiB") => 1024 * 1024,
            Some("kB") => 1000,
            Some("MB") => 1_000_000,
            Some(_) | None => return Err("is not a size; write 1MiB or 512KiB"),
        };
        let count: usize =
            digits.trim().parse().map_err(|_| "is not a size; write 1MiB or 512KiB")?;
        match count.checked_mul(unit) {
            Some(bytes @ 1024..=67_108_864) => Ok(Self(bytes)),
            Some(_) | None => Err("must be between 1KiB and 64MiB"),
        }
    }
}

/// A language, alone or with a region: `de`, `pt-BR`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Locale(pub(super) String);

impl TryFrom<String> for Locale {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if text.is_empty() || text.len() > 35 || !text.chars().all(plain) {
            return Err("is not a language; write en, de or pt-BR");
        }
        Ok(Self(text))
    }
}

/// Where connections are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Listen(pub(super) SocketAddr);

impl TryFrom<String> for Listen {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self).map_err(
            |_| "is not an IP address with a port; write 127.0.0.1:8080, or [::]:8080 for all",
        )
    }
}

/// One address, or all that begin with the same bits: `127.0.0.1`, `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

impl Network {
    /// Is this address in the network? An IPv4 address inside of IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = u32::from(self.prefix_bits);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                ours.to_bits() & mask == theirs.to_bits() & mask
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                ours.to_bits() & mask == theirs.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    /// Does it hold every address of its kind?
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        self.prefix_bits == 0
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RIGHT: &str = "is not an address; write 127.0.0.1, or 10.0.0.0/8 for a network";
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| RIGHT)?;
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            Some(digits) => digits.parse().map_err(|_| RIGHT)?,
            None => bits_max,
        };
        if prefix_bits > bits_max {
            return Err("has a prefix longer than the address");
        }
        Ok(Self { address, prefix_bits })
    }
}

/// A person or a department with its address: `Acme Licensing <licenses@acme.example>`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Mailbox {
    pub name: Option<String>,
    /// ASCII: `local@domain`.
    pub email: String,
}

impl Mailbox {
    /// What stands behind the @.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.email.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl TryFrom<String> for Mailbox {
    type Error = &'static str;

    /// Narrower than RFC 5322, so that no mail library can take offence later.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        const RIGHT: &str = "is not an address; write Acme Licensing <licenses@acme.example>";
        let text = text.trim();
        let (name, email) = match text.strip_suffix('>') {
            Some(text) => text.rsplit_once('<').ok_or(RIGHT)?,
            None => ("", text),
        };
        let name = name.trim().trim_matches('"');
        if name.contains(|c: char| c.is_control() || "<>\"\\".contains(c)) || name.len() > 120 {
            return Err("has a name with quotes, control characters or more than 120 bytes");
        }
        let (local, domain) = email.rsplit_once('@').ok_or(RIGHT)?;
        let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
        let label = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let parts = |text: &str, right: &dyn Fn(char) -> bool| {
            text.split('.').all(|part| (1..=63).contains(&part.len()) && part.chars().all(right))
        };
        let hyphens = domain.split('.').any(|part| part.starts_with('-') || part.ends_with('-'));
        if !domain.is_ascii() {
            return Err("has a domain beyond ASCII; write it in its xn-- form");
        }
        if local.len() > 64 || !parts(local, &atom) || !parts(domain, &label) || hyphens {
            return Err(RIGHT);
        }
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(Self { name, email: email.to_owned() })
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.email),
            None => f.write_str(&self.email),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units_and_bounds() {
        let bytes = |text: &str| Size::try_from(text.to_owned()).ok().map(|size| size.0);
        assert_eq!(bytes("1MiB"), Some(1_048_576));
        assert_eq!(bytes("512 KiB"), Some(524_288));
        assert_eq!(bytes("1MB"), Some(1_000_000));
        assert_eq!(bytes("65536"), Some(65_536));
        for wrong in ["", "MiB", "1GiB", "1.5MiB", "-1MiB", "1023", "65MiB", "1mib", "1é"] {
            assert_eq!(bytes(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_network_holds_its_own_addresses_only() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.255.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(!holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(!holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1"));
        assert!(!holds("2001:db8::/32", "2001:db9::1"));
        for wrong in ["localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", ""] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn mailboxes_cannot_carry_a_second_header() {
        let read = |text: &str| Mailbox::try_from(text.to_owned());
        let acme = read("Acme Licensing <licenses@acme.example>").unwrap();
        assert_eq!(acme.name.as_deref(), Some("Acme Licensing"));
        assert_eq!((acme.email.as_str(), acme.domain()), ("licenses@acme.example", "acme.example"));
        assert_eq!(read("a+b@localhost").unwrap().name, None);
        assert_eq!(read("\"Müller, GmbH\" <a@b.example>").unwrap().name.unwrap(), "Müller, GmbH");
        for wrong in [
            "",
            "acme.example",
            "@acme.example",
            "a@",
            "a b@acme.example",
            "a@acme..example",
            "a@-acme.example",
            "a@b@acme.example",
            "a@müller.example",
            "Acme <a@acme.example",
            "Acme\r\nBcc: x@y.example <a@acme.example>",
            "Acme <a@acme.example>, b@c.example",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
