//! XML as some providers still send it: a tree of elements, known by their local names.

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{Unread, filled};

/// How deep elements may stand in each other.
const DEPTH_MAX: usize = 32;

/// One element. Namespaces are dropped: `cbt:Item` is `Item`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    /// Its own text, without that of its children.
    pub text: String,
}

impl Element {
    /// The root of a document. Document types are refused, and with them every entity that is not
    /// one of the five of XML or a number.
    ///
    /// # Errors
    /// [`Unread::Content`] for what is no such document.
    pub fn parse(document: &[u8]) -> Result<Self, Unread> {
        let text = std::str::from_utf8(document).map_err(|_| fault("not UTF-8"))?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        // The outermost is no element, but holds the root.
        let mut open = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(|_| fault("not well-formed XML"))?;
            match event {
                Event::Start(start) if open.len() <= DEPTH_MAX => open.push(element(&start)?),
                Event::Start(_) => return Err(fault("elements stand too deep in each other")),
                Event::Empty(start) => add(&mut open, element(&start)?),
                Event::End(_) => {
                    let closed = open.pop().unwrap_or_default();
                    add(&mut open, closed);
                }
                Event::Text(text) => say(&mut open, &text.xml10_content()),
                Event::CData(text) => say(&mut open, &text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let number = reference.resolve_char_ref().map_err(|_| fault("no character"))?;
                    let character = number.or_else(|| predefined(&reference));
                    let character =
                        character.ok_or_else(|| fault("an entity that is not known"))?;
                    say(&mut open, character.encode_utf8(&mut [0; 4]));
                }
                Event::DocType(_) => return Err(fault("a document type is not taken")),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof => break,
            }
        }
        let root = open.pop().filter(|_| open.is_empty()).unwrap_or_default();
        match <[Self; 1]>::try_from(root.children) {
            Ok([root]) => Ok(root),
            Err(_) => Err(fault("not one whole document")),
        }
    }

    /// The first child of that name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Every child of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element down that path (`subscription/plan/plan_code`).
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.child(name))
    }

    /// The first element of that name anywhere below.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find_map(|child| match child.name == name {
            true => Some(child),
            false => child.find(name),
        })
    }

    /// The text down that path, without white space around it, where there is any.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.at(path).map(|element| element.text.trim()).filter(|text| !text.is_empty())
    }

    /// As [`Element::get`], of what must be there.
    ///
    /// # Errors
    /// [`Unread::Content`].
    pub fn need(&self, path: &str) -> Result<&str, Unread> {
        self.get(path).ok_or_else(|| Unread::Content {
            path: path.to_owned(),
            message: "the element is missing or empty".to_owned(),
        })
    }

    /// The value of that attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let attribute = self.attributes.iter().find(|(known, _)| known == name);
        attribute.map(|(_, value)| value.as_str())
    }

    /// As [`Element::get`], for a field of ours.
    #[must_use]
    pub fn told(&self, path: &str) -> Option<String> {
        filled(self.get(path))
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, Unread> {
    let attribute = |attribute: Attribute<'_>| {
        let name = attribute.key.local_name().as_ref().to_owned();
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|_| fault("an attribute is not XML"))?;
        Ok((name, value.into_owned()))
    };
    let attributes = start.attributes().map(|one| match one {
        Ok(one) => attribute(one),
        Err(_) => Err(fault("an attribute is not XML")),
    });
    Ok(Element {
        name: start.local_name().as_ref().to_owned(),
        attributes: attributes.collect::<Result<_, _>>()?,
        ..Element::default()
    })
}

fn add(open: &mut [Element], closed: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(closed);
    }
}

fn say(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

fn fault(message: &str) -> Unread {
    Unread::Content { path: ".".to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_path_whatever_their_namespace() {
        let text = "\u{feff}<?xml version=\"1.0\"?><a:n xmlns:a=\"x\"><a:s id=\"1\"><p> A &amp; &#246;<!-- c --><![CDATA[<b>]]> </p></a:s><s/></a:n>";
        let root = Element::parse(text.as_bytes()).unwrap();
        assert_eq!(root.name, "n");
        assert_eq!(root.get("s/p"), Some("A & \u{f6}<b>"));
        assert_eq!(root.child("s").unwrap().attribute("id"), Some("1"));
        assert_eq!((root.all("s").count(), root.get("s/q"), root.get("q")), (2, None, None));
        assert!(root.need("s/q").is_err());
        assert_eq!(root.find("p").map(|p| p.text.trim()), root.get("s/p"));
        assert_eq!(root.find("n"), None);
    }

    #[test]
    fn what_could_reach_outside_or_grow_is_refused() {
        let deep = ["<a>".repeat(100_000), "</a>".repeat(100_000)].concat();
        for text in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a>&evil;</a>",
            "<a b=\"&evil;\"/>",
            "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>",
            "<a>\u{0}&#0;</a>",
            &deep,
        ] {
            assert!(
                Element::parse(text.as_bytes()).is_err(),
                "{}",
                text.chars().take(60).collect::<String>()
            );
        }
        assert!(Element::parse(b"<a>\xff</a>").is_err());
    }
}
