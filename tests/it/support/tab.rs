//! A browser's tab without scripts: it keeps cookies, follows redirections, and sends the forms
//! that stand on its page as they stand there.

use actix_web::http::Method;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Html, Node, Selector};

use super::office::{Answer, Call, Office};

/// What browsers call the site.
const SITE: &str = "https://licenses.acme.example";

pub(crate) struct Tab<'a> {
    office: &'a Office,
    /// Name and value.
    cookies: Vec<(String, String)>,
    /// What a proxy adds to each request: name and value.
    added: Vec<(String, String)>,
    /// Whose connections reach the service: the browser's own, or those of a proxy.
    peer: String,
    /// What is shown.
    pub(crate) page: Page,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Path and query.
    pub(crate) address: String,
    pub(crate) headers: std::collections::BTreeMap<String, String>,
    /// As it came.
    pub(crate) source: String,
}

impl<'a> Tab<'a> {
    pub(crate) fn new(office: &'a Office) -> Self {
        Self {
            office,
            cookies: Vec::new(),
            added: Vec::new(),
            peer: "203.0.113.7:40000".to_owned(),
            page: Page::default(),
        }
    }

    /// From now on everything goes through a proxy at this address, which adds these headers.
    pub(crate) fn goes_through(&mut self, address: &str, headers: &[(&str, &str)]) {
        self.peer = format!("{address}:40000");
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.added = headers.iter().map(owned).collect();
    }

    /// Signed in with the token of that role: `support`, `admin`.
    pub(crate) async fn signed_in(office: &'a Office, role: &str) -> Self {
        let mut tab = Self::new(office);
        tab.open("/console/sign-in").await;
        tab.send("Sign in with the token", &[("token", office.token(role))]).await;
        let shown = (tab.page.status, tab.page.address.as_str());
        assert_eq!(shown, (200, "/console"), "{}", tab.page.text());
        tab
    }

    /// Types an address, or follows a link.
    pub(crate) async fn open(&mut self, address: &str) -> &Page {
        self.go(Method::GET, address.to_owned(), None).await
    }

    /// Follows the link with this text.
    pub(crate) async fn follow(&mut self, text: &str) -> &Page {
        let address = self.page.link(text);
        self.open(&address).await
    }

    /// Fills in the form that has this button, and sends it. What is not filled in is sent as it
    /// stands on the page.
    pub(crate) async fn send(&mut self, button: &str, values: &[(&str, &str)]) -> &Page {
        let (method, action, mut fields) = self.page.form(button);
        for (name, value) in values {
            let known = fields.iter_mut().find(|(field, _)| field == name);
            let field = known.unwrap_or_else(|| panic!("{button:?} has no field {name:?}"));
            (*value).clone_into(&mut field.1);
        }
        let body = serde_html_form::to_string(&fields).unwrap();
        match method {
            Method::GET => {
                let path = action.split('?').next().unwrap_or_default().to_owned();
                self.go(Method::GET, format!("{path}?{body}"), None).await
            }
            _ => self.go(method, action, Some(body)).await,
        }
    }

    /// Sends what no page of ours offers.
    pub(crate) async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> &Page {
        let body = serde_html_form::to_string(fields).unwrap();
        self.go(Method::POST, address.to_owned(), Some(body)).await
    }

    /// The cookies, as the browser sends them.
    pub(crate) fn cookie(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// What every form of this session carries, from the page that is shown.
    pub(crate) fn token(&self) -> String {
        let value = self.page.select("input[name=form]");
        value.and_then(|input| input.attr("value").map(str::to_owned)).unwrap()
    }

    async fn go(&mut self, method: Method, address: String, body: Option<String>) -> &Page {
        let (mut method, mut address, mut body) = (method, address, body);
        loop {
            let answer = self.call(method, &address, body.take()).await;
            let moved = answer.headers.get("location").filter(|_| answer.status == 303).cloned();
            self.page = Page {
                status: answer.status,
                address: address.clone(),
                headers: answer.headers,
                source: answer.text,
            };
            let Some(next) = moved else { return &self.page };
            (method, address) = (Method::GET, next);
        }
    }

    async fn call(&mut self, method: Method, address: &str, body: Option<String>) -> Answer {
        let mut call = Call::at(method, address).from(&self.peer);
        for (name, value) in &self.added {
            call = call.header(name, value);
        }
        if !self.cookies.is_empty() {
            call = call.header("cookie", &self.cookie());
        }
        if let Some(body) = body {
            call = call.header("origin", SITE).header("sec-fetch-site", "same-origin");
            call = call.header("content-type", "application/x-www-form-urlencoded");
            call = call.with_bytes(body.as_bytes());
        }
        let answer = self.office.visit(call).await;
        if let Some(cookie) = answer.headers.get("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }
}

impl Page {
    /// What a person reads: without markup, spaces as they are shown.
    pub(crate) fn text(&self) -> String {
        let document = Html::parse_document(&self.source);
        let body = Selector::parse("body").unwrap();
        let text: String = document.select(&body).map(shown).collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        let shown = self.text();
        assert!(shown.contains(text), "{} does not say {text:?}:\n{shown}", self.address);
    }

    #[track_caller]
    pub(crate) fn is_silent_about(&self, text: &str) {
        let shown = self.text();
        assert!(!shown.contains(text), "{} says {text:?}:\n{shown}", self.address);
    }

    /// Where the link with this text leads.
    #[track_caller]
    pub(crate) fn link(&self, text: &str) -> String {
        let document = Html::parse_document(&self.source);
        let links = Selector::parse("a[href]").unwrap();
        let link = document.select(&links).find(|link| words(link) == text);
        let link = link.unwrap_or_else(|| panic!("no link {text:?} on {}", self.address));
        link.attr("href").unwrap().to_owned()
    }

    pub(crate) fn has_button(&self, text: &str) -> bool {
        let document = Html::parse_document(&self.source);
        let buttons = Selector::parse("button").unwrap();
        document.select(&buttons).any(|button| words(&button) == text)
    }

    fn select(&self, selector: &str) -> Option<scraper::node::Element> {
        let document = Html::parse_document(&self.source);
        let found = document.select(&Selector::parse(selector).unwrap()).next();
        found.map(|element| element.value().clone())
    }

    /// Method, action and fields of the form that has this button.
    #[track_caller]
    fn form(&self, button: &str) -> (Method, String, Vec<(String, String)>) {
        let document = Html::parse_document(&self.source);
        let (forms, buttons) =
            (Selector::parse("form").unwrap(), Selector::parse("button").unwrap());
        let form = document
            .select(&forms)
            .find(|form| form.select(&buttons).any(|one| words(&one) == button));
        let form = form.unwrap_or_else(|| panic!("no button {button:?} on {}", self.address));
        let method = match form.attr("method") {
            Some("post") => Method::POST,
            _ => Method::GET,
        };
        let action = form.attr("action").unwrap_or(&self.address).to_owned();
        (method, action, fields(&form))
    }
}

/// The text of an element; what does not stand within a line begins and ends one.
fn shown(element: ElementRef<'_>) -> String {
    const WITHIN: [&str; 9] = ["a", "b", "code", "em", "kbd", "small", "span", "strong", "time"];
    let mut text = String::new();
    for edge in element.traverse() {
        let node = match edge {
            Edge::Open(node) | Edge::Close(node) => node.value(),
        };
        match (node, edge) {
            (Node::Text(part), Edge::Open(_)) => text.push_str(part),
            (Node::Element(tag), _) if !WITHIN.contains(&tag.name()) => text.push(' '),
            _ => {}
        }
    }
    text
}

fn words(element: &ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As a browser sends them untouched.
fn fields(form: &ElementRef<'_>) -> Vec<(String, String)> {
    let inputs = Selector::parse("input[name], textarea[name], select[name]").unwrap();
    let options = Selector::parse("option").unwrap();
    let mut fields = Vec::new();
    for input in form.select(&inputs) {
        let name = input.attr("name").unwrap().to_owned();
        let value = match input.value().name() {
            "textarea" => input.text().collect(),
            "select" => {
                let all: Vec<ElementRef<'_>> = input.select(&options).collect();
                let chosen = all.iter().find(|one| one.attr("selected").is_some());
                let shown = chosen.or(all.first());
                shown.map_or_else(String::new, |one| {
                    one.attr("value").map_or_else(|| words(one), str::to_owned)
                })
            }
            _ if matches!(input.attr("type"), Some("checkbox" | "radio")) => {
                if input.attr("checked").is_none() {
                    continue;
                }
                input.attr("value").unwrap_or("on").to_owned()
            }
            _ => input.attr("value").unwrap_or_default().to_owned(),
        };
        fields.push((name, value));
    }
    fields
}
