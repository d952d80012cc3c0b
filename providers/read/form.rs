//! Forms (`application/x-www-form-urlencoded`), of a body or a query.

use data_encoding::HEXLOWER_PERMISSIVE;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{Id, Unread};

/// The fields of a form in the order in which they stand there, decoded. Brackets are part of a
/// name (`customer[email]`), whether they came escaped or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Any bytes are a form. They are UTF-8; where a single field is not, all of it is
    /// windows-1252 (and with it ISO-8859-1), as old shops send it: an event that is authentic is
    /// not lost for the ö of a name.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let fields = Encoded::of(text);
        let utf8 = fields.0.iter().flatten().all(|part| std::str::from_utf8(part).is_ok());
        fields.decoded(if utf8 { UTF_8 } else { WINDOWS_1252 })
    }

    /// With every name in lower case, for providers that write the same name now so, now so.
    #[must_use]
    pub fn with_lower_names(self) -> Self {
        let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
        Self(self.0.into_iter().map(lower).collect())
    }

    /// As [`Form::parse`], of text in another encoding, by the name that browsers know it by
    /// (`windows-1252`). Bytes that it does not know become the replacement character.
    ///
    /// # Errors
    /// [`Unread::Content`] for an encoding that is not known.
    pub fn parse_in(text: &[u8], charset: &str) -> Result<Self, Unread> {
        let encoding = Encoding::for_label(charset.as_bytes());
        let encoding = encoding.ok_or_else(|| Unread::Content {
            path: "charset".to_owned(),
            message: "not an encoding that is known".to_owned(),
        })?;
        Ok(Encoded::of(text).decoded(encoding))
    }

    /// Every field, in its order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every value of that field, in its order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(field, _)| *field == name).map(|(_, value)| value)
    }

    /// The value of that field, without white space around it, where it holds something.
    ///
    /// # Errors
    /// [`Unread::Content`] where the field stands there more than once: which one was meant?
    pub fn get<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, Unread> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Unread::Content {
                path: name.to_owned(),
                message: "the field stands there more than once".to_owned(),
            });
        }
        Ok(first.map(str::trim).filter(|value| !value.is_empty()))
    }

    /// As [`Form::get`], of a field that must hold something.
    ///
    /// # Errors
    /// [`Unread::Content`].
    pub fn need<'a>(&'a self, name: &'a str) -> Result<&'a str, Unread> {
        self.get(name)?.ok_or_else(|| Unread::Content {
            path: name.to_owned(),
            message: "the field is missing or empty".to_owned(),
        })
    }

    /// The id in that field, where it holds something.
    ///
    /// # Errors
    /// [`Unread`] also for what can be no id.
    pub fn id(&self, name: &str) -> Result<Option<Id>, Unread> {
        let id = |text| Id::new(text).ok_or_else(|| Unread::value(name, "this can be no id"));
        self.get(name)?.map(id).transpose()
    }

    /// As [`Form::id`], of a field that must hold something.
    ///
    /// # Errors
    /// [`Unread`].
    pub fn need_id(&self, name: &str) -> Result<Id, Unread> {
        self.need(name)?;
        self.id(name)?.ok_or_else(|| Unread::value(name, "this can be no id"))
    }
}

/// Names and values, unescaped but not yet text.
struct Encoded(Vec<[Vec<u8>; 2]>);

impl Encoded {
    fn of(text: &[u8]) -> Self {
        let fields = text.split(|byte| *byte == b'&').filter(|field| !field.is_empty());
        let pair = |field: &[u8]| {
            let mut parts = field.splitn(2, |byte| *byte == b'=');
            let mut part = || unescaped(parts.next().unwrap_or_default());
            [part(), part()]
        };
        Self(fields.map(pair).collect())
    }

    fn decoded(self, encoding: &'static Encoding) -> Form {
        let text = |part: Vec<u8>| encoding.decode_without_bom_handling(&part).0.into_owned();
        Form(self.0.into_iter().map(|[name, value]| (text(name), text(value))).collect())
    }
}

/// The bytes that `%F6` and `+` stand for.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        let escaped = behind.get(..2).filter(|_| *byte == b'%');
        match escaped.and_then(|digits| HEXLOWER_PERMISSIVE.decode(digits).ok()) {
            Some(escaped) => {
                bytes.extend(escaped);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(if *byte == b'+' { b' ' } else { *byte });
                rest = behind;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_brackets_are_names() {
        let form = Form::parse(b"b=2&a%5Bx%5D=+1%C3%B6&a[x]=&c");
        let fields: Vec<_> = form.iter().collect();
        assert_eq!(fields, [("b", "2"), ("a[x]", " 1\u{f6}"), ("a[x]", ""), ("c", "")]);
        assert_eq!(form.get("b"), Ok(Some("2")));
        assert_eq!(form.get("c"), Ok(None));
        assert!(form.get("a[x]").is_err() && form.need("c").is_err());
        assert_eq!(Form::parse(b"ProductId=A").with_lower_names().get("productid"), Ok(Some("A")));
        assert_eq!(form.need_id("b"), Ok(Id::new("2").unwrap()));
        assert!(form.need_id("c").is_err() && form.id("c") == Ok(None));
        assert!(Form::parse(b"b=1+2").id("b").is_err());
    }

    #[test]
    fn what_is_not_utf_8_is_what_old_shops_send() {
        for sent in
            [&b"name=J%F6rg&city=K%f6ln&shop=\x80"[..], b"name=J\xf6rg&city=K\xf6ln&shop=%80"]
        {
            let form = Form::parse(sent);
            let fields: Vec<_> = form.iter().collect();
            let told = [("name", "J\u{f6}rg"), ("city", "K\u{f6}ln"), ("shop", "\u{20ac}")];
            assert_eq!(fields, told);
        }
        let every_byte: Vec<u8> = (0..=255).collect();
        assert!(Form::parse(&every_byte).iter().all(|(_, value)| !value.contains('\u{fffd}')));
    }

    #[test]
    fn other_encodings_are_those_of_browsers() {
        let form = Form::parse_in(b"a=J%F6rg+%80&b%5B1%5D=%zz%4&c&=d&&a==%3d", "windows-1252");
        let form = form.unwrap();
        let fields: Vec<_> = form.iter().collect();
        assert_eq!(
            fields,
            [("a", "J\u{f6}rg \u{20ac}"), ("b[1]", "%zz%4"), ("c", ""), ("", "d"), ("a", "==")]
        );
        let form = Form::parse_in(b"a=J%C3%B6rg+%FF", "UTF-8").unwrap();
        assert_eq!(form.get("a"), Ok(Some("J\u{f6}rg \u{fffd}")));
        assert!(Form::parse_in(b"a=b", "klingon").is_err());
    }
}
