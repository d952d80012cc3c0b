//! A message as it goes out, read again: what support is shown of it.

use chrono::{DateTime, Utc};
use mail_parser::{Addr, Address, MessageParser, PartType};

/// What a person sees of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub subject: String,
    /// `Name <address>`, or the address alone.
    pub from: String,
    pub to: String,
    /// The Date header.
    pub dated_at: Option<DateTime<Utc>>,
    /// The plain part.
    pub text: Option<String>,
    /// The HTML part, as it was written: to be shown where it can do nothing.
    pub html: Option<String>,
}

/// Reads a message that [`super::compose`] made. `None` for what is none.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Seen> {
    let message = MessageParser::default().parse(bytes)?;
    let (mut text, mut html) = (None, None);
    for part in &message.parts {
        match &part.body {
            PartType::Text(plain) if text.is_none() => text = Some(lines(plain)),
            PartType::Html(page) if html.is_none() => html = Some(page.clone().into_owned()),
            PartType::Text(_)
            | PartType::Html(_)
            | PartType::Binary(_)
            | PartType::InlineBinary(_)
            | PartType::Message(_)
            | PartType::Multipart(_) => {}
        }
    }
    // Without any header it is not one of ours, whatever a patient parser makes of it.
    message.from()?;
    Some(Seen {
        subject: message.subject().unwrap_or_default().to_owned(),
        from: first(message.from()),
        to: first(message.to()),
        dated_at: message.date().and_then(|date| DateTime::from_timestamp(date.to_timestamp(), 0)),
        text,
        html,
    })
}

fn first(address: Option<&Address<'_>>) -> String {
    let Some(Addr { name, address }) = address.and_then(Address::first) else {
        return String::new();
    };
    let address = address.as_deref().unwrap_or_default();
    match name.as_deref() {
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    }
}

fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailer::{Draft, Party, compose};
    use crate::rules::letter::Letter;

    #[test]
    fn what_was_composed_is_read_as_it_was_written() {
        let from = Party {
            name: Some("Müller & Söhne, Inc.".to_owned()),
            address: "keys@acme.example".to_owned(),
        };
        let letter = Letter {
            subject:
                "Ihr Schlüssel für „Acme Pro“, and a subject that is too long for one line of \
                      a header by far"
                    .to_owned(),
            text: "Hallo,\n\n    ACME-1\n.\nGrüße =3D\n".to_owned(),
            html: "<p>ACME-1 &lt;b&gt; ü</p>\n".to_owned(),
        };
        let bytes = compose(&Draft {
            from: &from,
            reply_to: None,
            to: "ada@müller.example",
            message_id: "<0198-1@licenses.acme.example>",
            dated_at: "2026-01-31T10:00:00Z".parse().unwrap(),
            letter: &letter,
        });
        let seen = read(&bytes.unwrap()).unwrap();
        assert_eq!(seen.subject, letter.subject);
        assert_eq!(seen.from, "Müller & Söhne, Inc. <keys@acme.example>");
        assert_eq!(seen.to, "ada@xn--mller-kva.example");
        assert_eq!(seen.dated_at, Some("2026-01-31T10:00:00Z".parse().unwrap()));
        assert_eq!(seen.text.unwrap().trim_end(), letter.text.trim_end());
        assert_eq!(seen.html.unwrap().trim_end(), letter.html.trim_end());
    }

    #[test]
    fn what_is_no_message_is_none() {
        assert_eq!(read(b""), None);
        assert_eq!(read(b"\x00\xff no header"), None);
    }
}
