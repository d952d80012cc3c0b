//! Markdown that we wrote ourselves (the guides) as part of a page. Even so nothing of it acts:
//! HTML in it stands there as text, and links lead to https only.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// The text as HTML, with other words in place of some: `("YOUR-HOST", "licenses.acme.example")`.
/// The title is left out, and the other headings are one step lower: they stand in a section of a
/// page.
#[must_use]
pub fn page(text: &str, words: &[(&str, &str)]) -> String {
    let mut events: Vec<Event<'_>> = Vec::new();
    // Inside of the title, or inside of a link that leads nowhere here.
    let (mut title, mut dead) = (false, Vec::new());
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => title = true,
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => title = false,
            _ if title => {}
            Event::Start(Tag::Heading { level, .. }) => {
                let (id, classes, attrs) = (None, Vec::new(), Vec::new());
                let level = lower(level);
                events.push(Event::Start(Tag::Heading { level, id, classes, attrs }));
            }
            Event::End(TagEnd::Heading(level)) => {
                events.push(Event::End(TagEnd::Heading(lower(level))));
            }
            Event::Start(Tag::Link { link_type, dest_url, id, .. }) => {
                dead.push(!dest_url.starts_with("https://"));
                if dead.last() == Some(&false) {
                    let title = CowStr::Borrowed("");
                    events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                }
            }
            Event::End(TagEnd::Link) => {
                if dead.pop() == Some(false) {
                    events.push(Event::End(TagEnd::Link));
                }
            }
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            // Alignment would become a style, which the page's policy forbids.
            Event::Start(Tag::Table(columns)) => {
                events.push(Event::Html("<div class=\"scroll\">".into()));
                events.push(Event::Start(Tag::Table(unaligned(columns.len()))));
            }
            Event::End(TagEnd::Table) => {
                events.push(Event::End(TagEnd::Table));
                events.push(Event::Html("</div>".into()));
            }
            Event::Html(text) | Event::InlineHtml(text) | Event::Text(text) => {
                events.push(Event::Text(with(&text, words).into()));
            }
            Event::Code(text) => events.push(Event::Code(with(&text, words).into())),
            other => events.push(other),
        }
    }
    let mut page = String::with_capacity(text.len() * 2);
    html::push_html(&mut page, events.into_iter());
    page
}

fn with(text: &str, words: &[(&str, &str)]) -> String {
    words.iter().fold(text.to_owned(), |text, (word, other)| text.replace(word, other))
}

fn unaligned(columns: usize) -> Vec<pulldown_cmark::Alignment> {
    vec![pulldown_cmark::Alignment::None; columns]
}

fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        HeadingLevel::H4 => HeadingLevel::H5,
        HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_stands_there_as_text_and_links_lead_to_https_only() {
        let page = page(
            "# Title\n\n## Set up\n\n<script>alert(1)</script>\n\nA <b onclick=x>b</b> \
             [a](javascript:alert(1)) [b](README.md) [c](https://a.example/?q=\"1\") \
             ![d](https://a.example/p.png)\n",
            &[],
        );
        assert!(page.starts_with("<h3>Set up</h3>"), "{page}");
        for text in ["&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;b onclick=x&gt;b&lt;/b&gt; a b"]
        {
            assert!(page.contains(text), "{page}");
        }
        assert!(!page.contains("<script") && !page.contains("javascript:"), "{page}");
        assert!(page.contains("<a href=\"https://a.example/?q=%221%22\">c</a> d"), "{page}");
    }

    #[test]
    fn tables_have_no_style_and_words_are_filled_in_as_text() {
        let text = "| a | b |\n| :-- | --: |\n| `https://YOUR-HOST/webhooks/ACCOUNT` | x |\n";
        let words = [("https://YOUR-HOST", "https://<i>.example"), ("ACCOUNT", "stripe_eu")];
        let page = page(text, &words);
        assert!(!page.contains("style="), "{page}");
        assert!(
            page.contains("<code>https://&lt;i&gt;.example/webhooks/stripe_eu</code>"),
            "{page}"
        );
        assert!(page.contains("<div class=\"scroll\"><table>"), "{page}");
    }

    #[test]
    fn every_guide_becomes_a_part_of_a_page() {
        for provider in keywright_providers::ALL {
            let facts = provider.facts();
            let page = page(facts.guide, &[("https://YOUR-HOST", "https://a.example")]);
            assert!(!page.contains("<h1") && !page.contains("<h2"), "{}", facts.kind);
            assert!(!page.contains(" style="), "{}", facts.kind);
            assert!(page.contains("https://a.example"), "{} tells no address", facts.kind);
        }
    }
}
