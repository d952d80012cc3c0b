//! Personal data made unreadable: enough stays to tell two values apart, too little to write to
//! anybody.

use std::collections::BTreeMap;

/// Is personal data to be seen?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    Masked,
    Shown,
}

/// Masks the values of one document. Two that differ never look alike, and one that stands twice
/// looks the same.
#[derive(Debug)]
pub struct Mask {
    personal: Personal,
    /// What was masked so far: by what it looks like, and in which order.
    seen: BTreeMap<String, BTreeMap<String, usize>>,
}

/// Words of a longer value that are shown by their first letter.
const WORDS_MAX: usize = 4;

/// A name that has one of these in it is that of a person's data.
const PARTS: &[&str] = &[
    "address",
    "birth",
    "cardholder",
    "cardnumber",
    "company",
    "creditcard",
    "fax",
    "iban",
    "ipaddr",
    "mail",
    "mobile",
    "organisation",
    "organization",
    "passport",
    "phone",
    "postal",
    "postcode",
    "street",
    "surname",
    "taxid",
    "taxnumber",
    "vatid",
    "vatnumber",
    "zipcode",
];

/// One that is this very word is too.
const WORDS: &[&str] = &[
    "card",
    "city",
    "ip",
    "last4",
    "line1",
    "line2",
    "name",
    "recipient",
    "ssn",
    "tel",
    "vat",
    "zip",
];

/// A name that ends with `name` is, where one of these is in it.
const WHOSE: &[&str] = &[
    "billing",
    "buyer",
    "card",
    "contact",
    "customer",
    "family",
    "first",
    "full",
    "given",
    "holder",
    "last",
    "licensee",
    "middle",
    "nick",
    "owner",
    "payer",
    "person",
    "recipient",
    "reg",
    "shipping",
    "user",
];

/// What has one of these names, or stands below one, has a name that is nobody's.
const GOODS: &[&str] = &["addon", "coupon", "item", "plan", "price", "product", "sku", "variant"];

/// Stays readable below a name that is personal: it says of what kind the data is.
const KINDS: &[&str] =
    &["brand", "country", "countrycode", "currency", "id", "locale", "object", "type"];

/// Does a value of this name, below that one, tell of a person?
#[must_use]
pub fn is_personal(name: &str, below: &str) -> bool {
    let (name, below) = (bare(name), bare(below));
    let has = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    if name.ends_with("name") && (has(&name, GOODS) || (name == "name" && has(&below, GOODS))) {
        return false;
    }
    WORDS.contains(&name.as_str())
        || has(&name, PARTS)
        || (name.ends_with("name") && has(&name, WHOSE))
}

/// Does it say only of what kind the data is?
#[must_use]
pub fn is_kind(name: &str) -> bool {
    KINDS.contains(&bare(name).as_str())
}

/// `Billing_Address` and `billingAddress` are one name.
fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

impl Mask {
    #[must_use]
    pub fn new(personal: Personal) -> Self {
        Self { personal, seen: BTreeMap::new() }
    }

    #[must_use]
    pub fn hides(&self) -> bool {
        self.personal == Personal::Masked
    }

    /// A value that is personal as a whole.
    pub fn whole(&mut self, text: &str) -> String {
        if !self.hides() || text.trim().is_empty() {
            return text.to_owned();
        }
        let look = address(text.trim()).unwrap_or_else(|| words(text));
        self.numbered(look, text)
    }

    /// A text that may have addresses in it: each of them is masked.
    pub fn inside(&mut self, text: &str) -> String {
        if !self.hides() {
            return text.to_owned();
        }
        if text.parse::<std::net::IpAddr>().is_ok() {
            return self.whole(text);
        }
        let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
        while let Some((before, sign, after)) = at_sign(rest) {
            let local = before.rsplit(|c| !is_local(c)).next().unwrap_or_default();
            let end = after.find(|c| !is_domain(c)).unwrap_or(after.len());
            let domain = after.split_at(end).0.trim_end_matches(['.', '-']);
            if local.is_empty() || !domain.contains('.') {
                shown.push_str(before);
                shown.push_str(sign);
                rest = after;
                continue;
            }
            shown.push_str(before.split_at(before.len() - local.len()).0);
            let whole = format!("{local}@{domain}");
            let look = address(&whole).unwrap_or_else(|| "***".to_owned());
            shown.push_str(&self.numbered(look, &whole));
            rest = after.split_at(domain.len()).1;
        }
        shown.push_str(rest);
        shown
    }

    /// The second value of the same look says that it is the second.
    fn numbered(&mut self, look: String, value: &str) -> String {
        let alike = self.seen.entry(look.clone()).or_default();
        let next = alike.len() + 1;
        match *alike.entry(value.to_owned()).or_insert(next) {
            1 => look,
            number => format!("{look} ({number})"),
        }
    }
}

/// `a***@e***.com` of an e-mail address; `None` of what is none.
fn address(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@')?;
    let (host, top) = domain.rsplit_once('.')?;
    let (l, h) = (local.chars().next()?, host.chars().next()?);
    let one = !domain.contains('@') && !text.chars().any(char::is_whitespace);
    (one && !top.is_empty()).then(|| format!("{l}***@{h}***.{top}"))
}

/// `A*** L***` of `Ada Lovelace`.
fn words(text: &str) -> String {
    let firsts = text.split_whitespace().filter_map(|word| word.chars().next()).take(WORDS_MAX);
    firsts.map(|first| format!("{first}***")).collect::<Vec<_>>().join(" ")
}

/// The first `@`, as it is or as addresses of the web write it.
fn at_sign(text: &str) -> Option<(&str, &str, &str)> {
    let plain = text.split_once('@').map(|(before, after)| (before, "@", after));
    let coded = text.split_once("%40").map(|(before, after)| (before, "%40", after));
    match (plain, coded) {
        (Some(plain), Some(coded)) if coded.0.len() < plain.0.len() => Some(coded),
        (Some(plain), _) => Some(plain),
        (None, coded) => coded,
    }
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "._%+-'".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || c == '.' || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> String {
        Mask::new(Personal::Masked).whole(text)
    }

    #[test]
    fn what_is_left_of_a_value_writes_to_nobody() {
        assert_eq!(whole("ada@example.com"), "a***@e***.com");
        assert_eq!(whole("Ada King Lovelace"), "A*** K*** L***");
        assert_eq!(whole("+49 170 1234567"), "+*** 1*** 1***");
        assert_eq!(whole("4242"), "4***");
        assert_eq!(whole(" "), " ");
        assert_eq!(Mask::new(Personal::Shown).whole("Ada"), "Ada");
    }

    #[test]
    fn addresses_are_masked_wherever_they_stand() {
        let mut mask = Mask::new(Personal::Masked);
        for (text, shown) in [
            ("Hello <ada@example.com>, bye.", "Hello <a***@e***.com>, bye."),
            (
                "https://x.example/?to=ada%40example.com&a=1",
                "https://x.example/?to=a***@e***.com&a=1",
            ),
            ("mail ada@example.com.", "mail a***@e***.com."),
            ("a@b, @home, 5 @ 3", "a@b, @home, 5 @ 3"),
            ("ada@example.com,ada@example.com", "a***@e***.com,a***@e***.com"),
            ("203.0.113.7", "2***"),
            ("2001:db8::1", "2*** (2)"),
        ] {
            assert_eq!(mask.inside(text), shown);
        }
    }

    #[test]
    fn two_values_stay_two() {
        let mut mask = Mask::new(Personal::Masked);
        assert_eq!(mask.whole("ada@example.com"), "a***@e***.com");
        assert_eq!(mask.whole("abe@else.com"), "a***@e***.com (2)");
        assert_eq!(mask.inside("to ada@example.com"), "to a***@e***.com");
        assert_eq!(mask.inside("to abe@else.com"), "to a***@e***.com (2)");
    }

    #[test]
    fn names_say_what_is_personal() {
        for name in [
            "email",
            "customer_email",
            "Name",
            "firstName",
            "BILLING_ADDRESS",
            "ip",
            "ipAddress",
            "phone",
            "tax_id",
            "card",
            "last4",
            "postal_code",
            "user_name",
            "company",
        ] {
            assert!(is_personal(name, ""), "{name}");
        }
        for name in
            ["id", "status", "amount", "item_name", "product_name", "event_name", "subscription"]
        {
            assert!(!is_personal(name, ""), "{name}");
        }
        assert!(!is_personal("name", "products"));
        assert!(is_personal("name", "customer"));
    }
}
