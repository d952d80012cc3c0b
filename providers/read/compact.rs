//! One thing written in two ways.

/// JSON without the white space between its parts: one thing is written in lines by a webhook and
/// otherwise indented in a list, and has to be known again.
#[must_use]
pub fn compact(json: &str) -> Vec<u8> {
    let mut compact = Vec::with_capacity(json.len());
    let mut rest = json.as_bytes();
    // Whole texts are taken at once: most bytes stand in one.
    while let Some(text) = rest.iter().position(|byte| *byte == b'"') {
        let (between, from_text) = rest.split_at(text);
        compact.extend(between.iter().filter(|byte| !byte.is_ascii_whitespace()));
        let (text, behind) = from_text.split_at(text_length(from_text));
        compact.extend_from_slice(text);
        rest = behind;
    }
    compact.extend(rest.iter().filter(|byte| !byte.is_ascii_whitespace()));
    compact
}

/// How long the text is that begins with this quotation mark, its marks included.
fn text_length(bytes: &[u8]) -> usize {
    let mut escaped = false;
    let end = bytes.iter().skip(1).position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map_or(bytes.len(), |inside| inside + 2)
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
