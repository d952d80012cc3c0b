//! A letter becomes a message (RFC 5322): the same bytes for the same draft, at any time.

use std::time::SystemTime;

use chrono::{DateTime, Datelike, Utc};
use data_encoding::HEXLOWER;
use lettre::address::Address;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::rules::letter::Letter;

/// Somebody with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub name: Option<String>,
    /// `local@domain`
    pub address: String,
}

/// A letter, and what stands on its envelope.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    pub from: &'a Party,
    pub reply_to: Option<&'a Party>,
    /// One address, without a name: a name is what a buyer wrote.
    pub to: &'a str,
    /// With its angle brackets.
    pub message_id: &'a str,
    pub dated_at: DateTime<Utc>,
    pub letter: &'a Letter,
}

/// What cannot be made a mail, and why: one line for support.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unmailable(String);

/// The whole message: headers, plain text and HTML, ASCII wherever the address is, every line
/// ended by CR LF, no other control character.
///
/// # Errors
/// [`Unmailable`]: an address that is none, a header with control characters.
pub fn compose(draft: &Draft<'_>) -> Result<Vec<u8>, Unmailable> {
    let parts = MultiPart::alternative()
        .boundary(boundary(draft.message_id))
        .singlepart(part(ContentType::TEXT_PLAIN, &draft.letter.text)?)
        .singlepart(part(ContentType::TEXT_HTML, &draft.letter.html)?);
    let mut message = Message::builder()
        .date(date(draft.dated_at)?)
        .from(mailbox(draft.from)?)
        .to(Mailbox::new(None, address(draft.to)?))
        .message_id(Some(message_id(draft.message_id)?.to_owned()))
        .subject(header_text("subject", &draft.letter.subject)?)
        .header(AutoSubmitted);
    if let Some(reply_to) = draft.reply_to {
        message = message.reply_to(mailbox(reply_to)?);
    }
    let bytes = message.multipart(parts).map_err(|error| Unmailable(error.to_string()))?;
    Some(bytes.formatted())
        .filter(|bytes| lines_are_whole(bytes))
        .ok_or_else(|| Unmailable("the message has a line end that is none".to_owned()))
}

/// An address to which mail can go. A domain beyond ASCII is written in its `xn--` form.
pub(super) fn address(text: &str) -> Result<Address, Unmailable> {
    let wrong = || Unmailable("the recipient's address is not one mail address".to_owned());
    let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
    let strange = |c: char| c.is_control() || c.is_whitespace() || "\"(),:;<>[\\]@".contains(c);
    if local.contains(strange) || text.len() > 254 {
        return Err(wrong());
    }
    let domain = match url::Host::parse(domain) {
        Ok(url::Host::Domain(ascii)) => ascii,
        Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) | Err(_) => return Err(wrong()),
    };
    Address::new(local, domain).map_err(|_| wrong())
}

fn mailbox(party: &Party) -> Result<Mailbox, Unmailable> {
    let name = party.name.as_deref().map(|name| header_text("name", name)).transpose()?;
    let address = party.address.parse();
    let address = address.map_err(|_| Unmailable(format!("{} is no address", party.address)))?;
    Ok(Mailbox::new(name.map(str::to_owned), address))
}

fn header_text<'a>(what: &str, text: &'a str) -> Result<&'a str, Unmailable> {
    let clean = !text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    clean.then_some(text).ok_or_else(|| Unmailable(format!("the {what} has a line break in it")))
}

fn message_id(text: &str) -> Result<&str, Unmailable> {
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    let is_id = |inner: &&str| {
        let printable = |b: u8| b.is_ascii_graphic() && !b"<>()\\\",;:".contains(&b);
        inner.split('@').count() == 2 && inner.len() <= 200 && inner.bytes().all(printable)
    };
    inner
        .filter(is_id)
        .map(|_| text)
        .ok_or_else(|| Unmailable("the Message-ID is not as <id@domain>".to_owned()))
}

/// lettre panics beyond these years.
fn date(at: DateTime<Utc>) -> Result<SystemTime, Unmailable> {
    let sane = (1970..=9998).contains(&at.year());
    sane.then(|| at.into()).ok_or_else(|| Unmailable(format!("the date {at} cannot be written")))
}

fn part(kind: ContentType, text: &str) -> Result<SinglePart, Unmailable> {
    let lines = crlf(text);
    let body = Body::new_with_encoding(lines.clone(), ContentTransferEncoding::SevenBit)
        .or_else(|_| Body::new_with_encoding(lines, ContentTransferEncoding::QuotedPrintable))
        .map_err(|_| Unmailable("the text of the mail cannot be written".to_owned()))?;
    Ok(SinglePart::builder().header(kind).body(body))
}

/// Every line ended by CR LF, however it ended before, and no other control character but tabs.
fn crlf(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(lines.len() + lines.len() / 32);
    for c in lines.chars() {
        match c {
            '\n' => out.push_str("\r\n"),
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// No bare CR and no bare LF: what some servers take for the end of a message (SMTP smuggling).
fn lines_are_whole(bytes: &[u8]) -> bool {
    let mut before = 0;
    for byte in bytes.iter().copied().chain([0]) {
        if (byte == b'\n') != (before == b'\r') {
            return false;
        }
        before = byte;
    }
    true
}

/// From the identity, not from chance: so the bytes are the same whenever they are made.
fn boundary(message_id: &str) -> String {
    let digest = Sha256::new().chain_update("boundary ").chain_update(message_id).finalize();
    HEXLOWER.encode(&digest).chars().take(40).collect()
}

/// Keeps «out of office» answers away (RFC 3834).
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            subject: "Your key for Acme Pro".to_owned(),
            text: "Hello,\n\n    ACME-1\n.\nBye".to_owned(),
            html: "<p>ACME-1</p>\n".to_owned(),
        }
    }

    fn acme() -> Party {
        Party { name: Some("Acme, Inc.".to_owned()), address: "keys@acme.example".to_owned() }
    }

    fn composed(to: &str, letter: &Letter) -> Result<String, Unmailable> {
        let draft = Draft {
            from: &acme(),
            reply_to: None,
            to,
            message_id: "<0198-1@licenses.acme.example>",
            dated_at: "2026-01-31T10:00:00Z".parse().unwrap(),
            letter,
        };
        compose(&draft).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_message_has_its_identity_and_date_and_two_forms_of_one_text() {
        let message = composed("ada@example.com", &letter()).unwrap();
        insta::assert_snapshot!(message.replace('\r', ""), @r#"
        Date: Sat, 31 Jan 2026 10:00:00 +0000
        From: =?utf-8?b?QWNtZSwgSW5jLg==?= <keys@acme.example>
        To: ada@example.com
        Message-ID: <0198-1@licenses.acme.example>
        Subject: Your key for Acme Pro
        Auto-Submitted: auto-generated
        MIME-Version: 1.0
        Content-Type: multipart/alternative;
         boundary="94b3227a7e12ce7532a92606a4ed033af84c946d"

        --94b3227a7e12ce7532a92606a4ed033af84c946d
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 7bit

        Hello,

            ACME-1
        .
        Bye
        --94b3227a7e12ce7532a92606a4ed033af84c946d
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: 7bit

        <p>ACME-1</p>

        --94b3227a7e12ce7532a92606a4ed033af84c946d--
        "#);
    }

    #[test]
    fn the_same_draft_gives_the_same_bytes() {
        assert_eq!(composed("a@b.example", &letter()), composed("a@b.example", &letter()));
    }

    #[test]
    fn text_beyond_ascii_is_encoded_and_every_line_ends_as_it_must() {
        let text = "Grüße\nline\rline\r\nline\n\rend\0\u{1b}[31m\u{85}".to_owned();
        let subject = "Schlüssel für Ägypten, 埃及的许可证密钥 ".repeat(3).trim().to_owned();
        let html = format!("<p>{}</p>", "long ".repeat(400));
        let message = composed("a@b.example", &Letter { subject, text, html }).unwrap();
        assert!(message.is_ascii() && lines_are_whole(message.as_bytes()), "{message}");
        assert!(message.lines().all(|line| line.len() <= 998));
        assert!(message.contains("Gr=C3=BC=C3=9Fe\r\nline\r\nline\r\nline\r\n\r\nend[31m\r\n"));
        assert!(message.contains("\r\nSubject: =?utf-8?b?"), "{message}");
    }

    #[test]
    fn a_bare_line_end_is_found_wherever_it_stands() {
        for broken in ["a\nb", "a\rb", "\na", "a\r", "a\r\r\nb", "a\n\r\nb", "a\r\n\n"] {
            assert!(!lines_are_whole(broken.as_bytes()), "{broken:?}");
        }
        for whole in ["", "a", "\r\n", "a\r\nb\r\n\r\n"] {
            assert!(lines_are_whole(whole.as_bytes()), "{whole:?}");
        }
    }

    #[test]
    fn nothing_becomes_a_header_that_is_none() {
        let injected = "Hello\r\nBcc: all@example.com".to_owned();
        let subject = Letter { subject: injected.clone(), ..letter() };
        assert!(composed("a@b.example", &subject).is_err());

        let draft = |from: &Party, message_id: &str| {
            let draft = Draft {
                from,
                reply_to: Some(from),
                to: "a@b.example",
                message_id,
                dated_at: DateTime::UNIX_EPOCH,
                letter: &letter(),
            };
            compose(&draft).map(|_| ())
        };
        assert_eq!(draft(&acme(), "<1@acme.example>"), Ok(()));
        assert!(draft(&Party { name: Some(injected), ..acme() }, "<1@acme.example>").is_err());
        for id in ["1@acme.example", "<1>", "<1@a>\r\nBcc: b@c.d", "<1@a@b>", "<ü@a>", ""] {
            assert!(draft(&acme(), id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn a_mail_goes_to_one_address() {
        let to = |to: &str| address(to).map(|address| address.to_string());
        assert_eq!(to("Ada.L+keys@Example.com").unwrap(), "Ada.L+keys@example.com");
        assert_eq!(to("ada@bücher.example").unwrap(), "ada@xn--bcher-kva.example");
        assert_eq!(to("jörg@example.com").unwrap(), "jörg@example.com");
        for wrong in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a@b.example, c@d.example",
            "a@b.example\r\nRCPT TO:<c@d.example>",
            "a b@example.com",
            "\"a b\"@example.com",
            "<ada@example.com>",
            "ada@example.com>",
            "ada@exa mple.com",
            "ada@@example.com",
            "ada@127.0.0.1",
            "ada@[::1]",
            "ada\u{0}@example.com",
        ] {
            assert!(to(wrong).is_err(), "{wrong:?}");
        }
        let long = format!("{}@example.com", "x".repeat(300));
        assert!(to(&long).is_err());
    }

    #[test]
    fn a_date_that_cannot_be_written_is_refused_and_not_a_panic() {
        for at in [DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC] {
            assert!(date(at).is_err());
        }
    }
}
