//! One thing written in two ways.

/// JSON without the white space between its parts: one thing is written in lines by a webhook and
/// otherwise indented in a list, and has to be known again.
#[must_use]
pub fn compact(json: &str) -> Vec<u8> {
    let (mut quoted, mut escaped) = (false, false);
    let bytes = json.bytes().filter(|byte| {
        let kept = quoted || !byte.is_ascii_whitespace();
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        kept
    });
    bytes.collect()
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
}
