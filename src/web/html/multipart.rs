//! Forms with a file (RFC 7578), as browsers send them: named parts, of which each is a text here.

use crate::web::problem::{Code, Problem};

/// Fields of one form.
const PARTS_MAX: usize = 16;

/// The boundary that a `Content-Type` names, where it is that of a form with a file.
#[must_use]
pub fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = parameters.split(';').find_map(|one| one.trim().strip_prefix("boundary="))?;
    let bare = named.trim_matches('"');
    // RFC 2046: 1 to 70 characters.
    (1..=70).contains(&bare.len()).then_some(bare)
}

/// The fields of a form, by name.
///
/// # Errors
/// [`Code::Malformed`]: a body that is cut off or no form, a part without a name or that is no text.
pub fn fields(boundary: &str, body: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    read(boundary.as_bytes(), body)
        .ok_or_else(|| Problem::new(Code::Malformed, "the form, or a file in it, is no text"))
}

fn read(boundary: &[u8], body: &[u8]) -> Option<Vec<(String, String)>> {
    let first = [b"--", boundary].concat();
    let next = [b"\r\n--", boundary].concat();
    let mut rest = body.strip_prefix(first.as_slice())?;
    let mut fields = Vec::new();
    while !rest.starts_with(b"--") {
        if fields.len() >= PARTS_MAX {
            return None;
        }
        let part = rest.strip_prefix(b"\r\n")?;
        let (headers, after) = cut(part, b"\r\n\r\n")?;
        let (content, after) = cut(after, &next)?;
        fields.push((name(headers)?, String::from_utf8(content.to_vec()).ok()?));
        rest = after;
    }
    Some(fields)
}

/// `Content-Disposition: form-data; name="request"; filename="press.request"`
fn name(headers: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(headers).ok()?;
    let line = text.lines().find(|line| {
        line.split_once(':')
            .is_some_and(|(name, _)| name.eq_ignore_ascii_case("content-disposition"))
    })?;
    let (_, after) = line.split_once("; name=\"")?;
    after.split_once('"').map(|(name, _)| name.to_owned())
}

/// What stands before and after the first `mark`.
fn cut<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(mark.len()).position(|window| window == mark)?;
    let (before, from) = text.split_at_checked(at)?;
    Some((before, from.strip_prefix(mark)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--XyZ\r\nContent-Disposition: form-data; name=\"form\"\r\n\r\nabc\r\n\
        --XyZ\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.request\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n{\"key\": 1}\r\n\r\n--XyZ--\r\n";

    fn told(body: &[u8]) -> Option<Vec<(String, String)>> {
        fields("XyZ", body).ok()
    }

    #[test]
    fn a_form_is_read_with_its_file() {
        let fields = told(FORM.as_bytes()).unwrap();
        let file = "{\"key\": 1}\r\n".to_owned();
        assert_eq!(fields, [("form".into(), "abc".into()), ("file".into(), file)]);
        assert_eq!(told(b"--XyZ--\r\n"), Some(Vec::new()));
    }

    #[test]
    fn what_is_cut_off_or_no_text_is_refused_wherever_it_ends() {
        let end = FORM.find("--XyZ--").unwrap();
        for length in 0..=end {
            assert_eq!(told(&FORM.as_bytes()[..length]), None, "{length}");
        }
        assert_eq!(told(&FORM.replace("abc", "\u{0}\u{1}").into_bytes()).unwrap().len(), 2);
        let binary: Vec<u8> =
            FORM.bytes().map(|byte| if byte == b'a' { 0xff } else { byte }).collect();
        assert_eq!(told(&binary), None);
        assert_eq!(told(FORM.replace("; name=", "; nome=").as_bytes()), None);
        let many = "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n".repeat(17);
        assert_eq!(told(format!("{many}--XyZ--").as_bytes()), None);
    }

    #[test]
    fn only_a_form_with_a_file_has_a_boundary() {
        assert_eq!(boundary("multipart/form-data; boundary=XyZ"), Some("XyZ"));
        assert_eq!(boundary("Multipart/Form-Data; charset=utf-8; boundary=\"XyZ\""), Some("XyZ"));
        for other in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=", ""] {
            assert_eq!(boundary(other), None, "{other}");
        }
    }
}
