//! One thing written in two ways.

/// JSON without the white space between its parts: one thing is written in lines by a webhook and
/// otherwise indented in a list, and has to be known again.
#[must_use]
pub fn compact(json: &str) -> Vec<u8> {
    let mut compact = Vec::with_capacity(json.len());
    // What is left, and how much of it is copied at once.
    let (mut left, mut run) = (json.as_bytes(), 0);
    while let Some(byte) = left.get(run) {
        if *byte == b'"' {
            run += text_length(left.get(run..).unwrap_or_default());
        } else if byte.is_ascii_whitespace() {
            let (parts, behind) = left.split_at(run);
            compact.extend_from_slice(parts);
            let space = behind.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            (left, run) = (behind.get(space..).unwrap_or_default(), 0);
        } else {
            run += 1;
        }
    }
    compact.extend_from_slice(left);
    compact
}

/// How long the text is that begins with this quotation mark, its marks included.
fn text_length(bytes: &[u8]) -> usize {
    let mut length = 1;
    loop {
        let rest = bytes.get(length..).unwrap_or_default();
        match rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
            None => return bytes.len(),
            Some(end) if rest.get(end) == Some(&b'"') => return length + end + 1,
            // The mark, and what it is before.
            Some(escape) => length += escape + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_parts_is_left_out() {
        let pretty = "{\n  \"name\": \"A  B\\\" \\\\\",\r\n\t\"n\": [ 1.0, 2 ]\n}";
        let text = String::from_utf8(compact(pretty)).unwrap();
        assert_eq!(text, r#"{"name":"A  B\" \\","n":[1.0,2]}"#);
        assert_eq!(compact(&text), text.as_bytes());
    }

    #[test]
    fn what_breaks_off_is_taken_to_its_end() {
        for (broken, whole) in [
            ("", ""),
            (" \n", ""),
            ("\"", "\""),
            (" \"a ", "\"a "),
            ("\"a\\", "\"a\\"),
            ("\"a\\\"", "\"a\\\""),
            ("[1, \"\\\\\" ] ", "[1,\"\\\\\"]"),
        ] {
            assert_eq!(String::from_utf8(compact(broken)).unwrap(), whole, "{broken}");
        }
    }
}
