//! What is asked, and in which form it is to be answered.

use actix_web::HttpRequest;
use actix_web::http::header::{Accept, CONTENT_TYPE, Header as _, Quality};

use crate::machines::given::Label;
use crate::web::app::visit::Visit;
use crate::web::problem::{Code, Problem};
use crate::web::read;

/// The form's parameters that mean something here. The others, which other licensing models need,
/// are passed over as in the original; so is `productModuleNumber0` and the like, by which those
/// are told apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// What somebody who bought nothing wants to try.
    pub(super) product: Option<String>,
    /// A name for his machine.
    pub(super) name: Option<Label>,
    /// Nothing may begin.
    pub(super) dry_run: bool,
    /// The answer is to last as long as it may.
    pub(super) for_offline_use: bool,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Xml,
    Json,
}

/// The longest name that is kept, in characters; what is longer is cut.
const NAME_CHARS_MAX: usize = 200;

impl Asked {
    pub(super) fn read(visit: &Visit) -> Result<Self, Problem> {
        read::unpacked(&visit.request)?;
        if visit.body.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let kind = visit.request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.is_empty() && !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let detail = "the body must be a form; send it with \
                          Content-Type: application/x-www-form-urlencoded";
            return Err(Problem::new(Code::UnsupportedMediaType, detail));
        }
        Self::of_form(&visit.body)
    }

    fn of_form(body: &[u8]) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> = serde_html_form::from_bytes(body)
            .map_err(|_| Problem::new(Code::Malformed, "the form cannot be read"))?;
        let value = |wanted: &str| {
            let mut named = pairs.iter().filter(|(name, _)| name == wanted);
            named.next().map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
        };
        let flag = |wanted| value(wanted).is_some_and(|word| word.eq_ignore_ascii_case("true"));
        let name = value("licenseeName").map(|name| name.chars().take(NAME_CHARS_MAX).collect());
        Ok(Self {
            product: value("productNumber").map(str::to_owned),
            name: name.and_then(|name: String| Label::try_from(name).ok()),
            dry_run: flag("dryRun"),
            for_offline_use: flag("forOfflineUse"),
        })
    }
}

impl Kind {
    /// Of the two the one that is wanted more, the one named first where both are alike; XML
    /// where none is named.
    pub(super) fn wanted(request: &HttpRequest) -> Self {
        let Ok(accept) = Accept::parse(request) else { return Self::Xml };
        let named = accept.iter().filter_map(|item| match item.item.essence_str() {
            "application/json" => Some((Self::Json, item.quality)),
            "application/xml" | "text/xml" => Some((Self::Xml, item.quality)),
            _ => None,
        });
        let named: Vec<(Self, Quality)> =
            named.filter(|(_, quality)| *quality > Quality::ZERO).collect();
        // Of several that are equal the last counts as the greatest.
        named.iter().rev().max_by_key(|(_, quality)| *quality).map_or(Self::Xml, |(kind, _)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn json_is_what_was_asked_for_and_xml_everything_else() {
        let wanted = |accept: &str| {
            let request = TestRequest::default().append_header(("Accept", accept));
            Kind::wanted(&request.to_http_request())
        };
        for json in [
            "application/json",
            "application/json, text/plain, */*",
            "application/json;charset=utf-8",
            "application/xml;q=0.5, application/json;q=0.9",
            "application/json, application/xml",
        ] {
            assert_eq!(wanted(json), Kind::Json, "{json}");
        }
        for xml in [
            "",
            "*/*",
            "text/html",
            "text/xml",
            "application/xml, application/json",
            "application/json;q=0, */*",
            "application/json;q=x",
        ] {
            assert_eq!(wanted(xml), Kind::Xml, "{xml}");
        }
        assert_eq!(Kind::wanted(&TestRequest::default().to_http_request()), Kind::Xml);
    }

    #[test]
    fn a_form_is_read_for_what_counts_and_passed_over_for_the_rest() {
        let body = b"productNumber=acme+try&licenseeName=Ann%27s+%0Alaptop&dryRun=TRUE\
                     &forOfflineUse=1&productModuleNumber0=M-1&action0=checkOut&dryRun=false";
        let asked = Asked::of_form(body).unwrap();
        assert_eq!(asked.product.as_deref(), Some("acme try"));
        assert_eq!(asked.name.unwrap().into_text().as_deref(), Some("Ann's laptop"));
        assert_eq!((asked.dry_run, asked.for_offline_use), (true, false));
        assert_eq!(Asked::of_form(b"productNumber=&licenseeName=").unwrap(), Asked::default());
        let long = format!("licenseeName={}", "n".repeat(300));
        let name = Asked::of_form(long.as_bytes()).unwrap().name.unwrap().into_text().unwrap();
        assert_eq!(name.len(), 200);
    }
}
