//! An answer as XML. Written by hand: seven elements, and every text escaped in one place.

use super::envelope::{Envelope, Info, Item};
use crate::config::NetLicensing;

pub(super) fn text(envelope: &Envelope, names: &NetLicensing) -> String {
    let NetLicensing { root, namespace } = names;
    let namespace = escaped(&namespace.to_string());
    let ttl = escaped(&envelope.ttl);
    let infos: String = envelope.infos.info.iter().map(info).collect();
    let items: String = envelope.items.item.iter().map(item).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
         <{root} xmlns=\"{namespace}\" ttl=\"{ttl}\">{}{}</{root}>\n",
        element("infos", &infos),
        element("items", &items),
    )
}

fn info(info: &Info) -> String {
    let kind = info.r#type.to_ascii_lowercase();
    format!("<info id=\"{}\" type=\"{kind}\">{}</info>", escaped(info.id), escaped(&info.value))
}

fn item(item: &Item) -> String {
    let properties = item.property.iter().map(|property| {
        let (name, value) = (escaped(property.name), escaped(&property.value));
        format!("<property name=\"{name}\">{value}</property>")
    });
    format!("<item type=\"{}\">{}</item>", escaped(item.r#type), properties.collect::<String>())
}

fn element(name: &str, content: &str) -> String {
    match content.is_empty() {
        true => format!("<{name}/>"),
        false => format!("<{name}>{content}</{name}>"),
    }
}

/// A text as it may stand between tags and in quotes. What XML has no way to write becomes U+FFFD;
/// line breaks and tabs are written as numbers, or a reader would make spaces of them in quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn no_text_ends_what_it_stands_in() {
        assert_eq!(escaped("a & <b> \"c\""), "a &amp; &lt;b&gt; &quot;c&quot;");
        assert_eq!(escaped("]]>"), "]]&gt;");
        assert_eq!(escaped("a\nb\0\u{1b}\u{ffff}é€"), "a&#10;b\u{fffd}\u{fffd}\u{fffd}é€");
    }
}
