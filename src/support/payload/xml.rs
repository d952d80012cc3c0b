//! XML for people. Nothing is parsed but where tags begin and end: what is no XML is shown too.

use super::super::mask::{Mask, is_personal};

/// Deeper elements are set no further to the right.
const INDENT_MAX: usize = 20;

/// What stood before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Open,
    Close,
    Text,
}

struct Writer<'a> {
    mask: &'a mut Mask,
    out: String,
    /// The open elements: their names, and whether what they hold is personal.
    open: Vec<(String, bool)>,
    before: Before,
}

/// An element a line, with personal data masked.
pub(super) fn pretty(text: &str, mask: &mut Mask) -> String {
    let mut writer = Writer { mask, out: String::new(), open: Vec::new(), before: Before::Close };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        writer.text(before);
        rest = writer.markup(after);
    }
    writer.text(rest);
    writer.out
}

impl Writer<'_> {
    fn text(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let personal = self.open.last().is_some_and(|(_, personal)| *personal);
        let shown = if personal { self.mask.whole(text) } else { self.mask.inside(text) };
        self.out.push_str(&shown);
        self.before = Before::Text;
    }

    /// What begins with `<`; gives back what stands behind it.
    fn markup<'t>(&mut self, after: &'t str) -> &'t str {
        if let Some(rest) = after.strip_prefix("!--") {
            let (inner, rest) = rest.split_once("-->").unwrap_or((rest, ""));
            let shown = if self.mask.hides() { " ... " } else { inner };
            self.line(&format!("<!--{shown}-->"), Before::Close);
            return rest;
        }
        if let Some(rest) = after.strip_prefix("![CDATA[") {
            let (inner, rest) = rest.split_once("]]>").unwrap_or((rest, ""));
            self.out.push_str("<![CDATA[");
            self.text(inner);
            self.out.push_str("]]>");
            self.before = Before::Text;
            return rest;
        }
        let end = tag_end(after);
        let (tag, rest) = after.split_at(end);
        let rest = rest.strip_prefix('>').unwrap_or(rest);
        if tag.starts_with('/') {
            self.open.pop();
            match self.before {
                Before::Close => self.line(&format!("<{tag}>"), Before::Close),
                Before::Open | Before::Text => {
                    self.out.push_str(&format!("<{tag}>"));
                    self.before = Before::Close;
                }
            }
            return rest;
        }
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        let local = name.rsplit(':').next().unwrap_or_default().to_owned();
        let (below, inherited) =
            self.open.last().map_or(("", false), |(name, personal)| (name.as_str(), *personal));
        let personal = inherited || is_personal(&local, below);
        let shown = self.attributes(tag, personal, &local);
        if tag.starts_with(['?', '!']) || tag.ends_with('/') {
            self.line(&format!("<{shown}>"), Before::Close);
        } else {
            self.line(&format!("<{shown}>"), Before::Open);
            self.open.push((local, personal));
        }
        rest
    }

    /// The tag with the values of its personal attributes masked.
    fn attributes(&mut self, tag: &str, personal: bool, element: &str) -> String {
        let (mut shown, mut rest) = (String::with_capacity(tag.len()), tag);
        while let Some(start) = rest.find(['"', '\'']) {
            let (before, quoted) = rest.split_at(start);
            let Some(quote) = quoted.chars().next() else { break };
            let inner = quoted.strip_prefix(quote).unwrap_or_default();
            let (value, behind) = inner.split_once(quote).unwrap_or((inner, ""));
            let name = before.trim_end().trim_end_matches('=').trim_end();
            let name = name.rsplit(char::is_whitespace).next().unwrap_or_default();
            let value = match personal || is_personal(name, element) {
                true => self.mask.whole(value),
                false => self.mask.inside(value),
            };
            shown.push_str(before);
            shown.push(quote);
            shown.push_str(&value);
            shown.push(quote);
            rest = behind;
        }
        shown.push_str(&self.mask.inside(rest));
        shown
    }

    fn line(&mut self, text: &str, before: Before) {
        if self.before != Before::Text && !self.out.is_empty() {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(self.open.len().min(INDENT_MAX)));
        }
        self.out.push_str(text);
        self.before = before;
    }
}

/// Where the tag's `>` is: one within quotes is none.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (place, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return place,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::super::mask::Personal;
    use super::*;

    fn shown(text: &str) -> String {
        pretty(text, &mut Mask::new(Personal::Masked))
    }

    #[test]
    fn an_element_stands_on_a_line_and_what_is_personal_is_masked() {
        let text = "<?xml version=\"1.0\"?><o:order id='7' email=\"ada@example.com\"><customer>\
                    <firstName>Ada</firstName><phone/></customer><product><name>Pro</name>\
                    </product><note><![CDATA[to ada@example.com]]></note><!-- Ada --></o:order>";
        assert_eq!(
            shown(text),
            "<?xml version=\"1.0\"?>\n<o:order id='7' email=\"a***@e***.com\">\n  <customer>\n    \
             <firstName>A***</firstName>\n    <phone/>\n  </customer>\n  <product>\n    \
             <name>Pro</name>\n  </product>\n  <note><![CDATA[to a***@e***.com]]></note>\n  \
             <!-- ... -->\n</o:order>"
        );
    }

    #[test]
    fn what_is_no_xml_is_shown_as_it_is_and_masked() {
        for (text, shown_as) in [
            ("<a", "<a>"),
            ("</a></b>", "</a>\n</b>"),
            ("<a b=\"1>2\">x", "<a b=\"1>2\">x"),
            ("<name>Ada", "<name>A***"),
            ("<!-- Ada", "<!-- ... -->"),
            ("<a to='ada@example.com", "<a to='a***@e***.com'>"),
        ] {
            assert_eq!(shown(text), shown_as);
        }
    }

    #[test]
    fn all_is_there_when_asked_for() {
        let text = "<a email=\"ada@example.com\"><name>Ada</name><!-- Ada --></a>";
        let whole = pretty(text, &mut Mask::new(Personal::Shown));
        assert_eq!(whole.replace("\n  ", "").replace('\n', ""), text);
    }
}
