//! The API's description, and answers held against it.

use std::sync::LazyLock;

use keywright::web::openapi::DOCUMENT;
use serde_json::{Map, Value};

use super::office::Answer;
use super::schema::Schemas;

/// As the service gives it out.
pub(crate) static DESCRIPTION: LazyLock<Description> =
    LazyLock::new(|| Description(serde_json::from_str(DOCUMENT).unwrap()));

pub(crate) struct Description(pub(crate) Value);

/// What was asked.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    /// Where it was JSON.
    pub(crate) body: Option<&'a Value>,
}

/// One method at one address.
#[derive(Clone, Copy)]
pub(crate) struct Operation<'a> {
    /// In capitals.
    pub(crate) method: &'a str,
    /// With its parameters in braces.
    pub(crate) path: &'a str,
    pub(crate) told: &'a Value,
    /// Those of its address, which count for it too.
    shared: &'a Value,
}

const METHODS: [(&str, &str); 6] = [
    ("get", "GET"),
    ("head", "HEAD"),
    ("post", "POST"),
    ("put", "PUT"),
    ("patch", "PATCH"),
    ("delete", "DELETE"),
];

impl Description {
    pub(crate) fn schemas(&self) -> Schemas<'_> {
        Schemas(&self.0)
    }

    pub(crate) fn schema(&self, name: &str) -> &Value {
        &self.0["components"]["schemas"][name]
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0["paths"].as_object().unwrap().keys().map(String::as_str)
    }

    pub(crate) fn operations(&self) -> Vec<Operation<'_>> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        let all = paths.flat_map(|(path, item)| {
            METHODS.iter().filter_map(move |(key, method)| {
                let told = item.get(key)?;
                Some(Operation { method, path, told, shared: &item["parameters"] })
            })
        });
        all.collect()
    }

    /// What is told of this method here. Where several addresses match, the plainest counts.
    pub(crate) fn operation(&self, method: &str, address: &str) -> Option<Operation<'_>> {
        let path = self.paths().filter(|path| matches(path, address));
        let path = path.min_by_key(|path| path.matches('{').count())?;
        self.operations().into_iter().find(|one| one.method == method && one.path == path)
    }

    /// Parameters by name, those of the address too.
    pub(crate) fn parameters<'a>(&'a self, operation: &Operation<'a>) -> Vec<&'a Value> {
        let lists = [operation.shared, &operation.told["parameters"]];
        let all = lists.into_iter().filter_map(Value::as_array).flatten();
        all.map(|parameter| self.schemas().meant(parameter)).collect()
    }

    /// Holds an answer against what is told; where it was done, what was asked, too. Gives the
    /// name of the operation and the status, as in `event_list 200`.
    #[track_caller]
    pub(crate) fn hold(&self, asked: &Asked<'_>, answer: &Answer) -> Option<String> {
        let (address, query) = asked.uri.split_once('?').unwrap_or((asked.uri, ""));
        let at = format!("{} {address} {}", asked.method, answer.status);
        let Some(operation) = self.operation(asked.method, address) else {
            self.hold_elsewhere(address, answer, &at);
            return None;
        };
        let response = &operation.told["responses"][answer.status.to_string()];
        assert!(response.is_object(), "{at} is not described: {}", answer.text);
        let response = self.schemas().meant(response);
        self.hold_headers(response, answer, &at);
        self.hold_body(&response["content"], answer, &at);
        if answer.status < 300 {
            self.hold_question(&operation, query, asked.body, &at);
        }
        let name = operation.told["operationId"].as_str().unwrap();
        Some(format!("{name} {}", answer.status))
    }

    /// No such address, or another method: below these a problem like any other.
    fn hold_elsewhere(&self, address: &str, answer: &Answer, at: &str) {
        assert!([401, 404, 405, 429, 503].contains(&answer.status), "{at} is not described");
        if ["/v1/", "/api/v1/"].iter().any(|scope| address.starts_with(scope)) {
            self.hold_value(self.schema("Problem"), &answer.json, at);
        }
    }

    fn hold_headers(&self, response: &Value, answer: &Answer, at: &str) {
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let header = self.schemas().meant(header);
            let sent = answer.headers.get(&name.to_lowercase());
            assert!(sent.is_some() || header["required"] != true, "{at} has no {name}");
        }
    }

    fn hold_body(&self, content: &Value, answer: &Answer, at: &str) {
        let Some(content) = content.as_object() else {
            assert_eq!(answer.text, "", "{at} has a body that is not described");
            return;
        };
        let kind = answer.headers.get("content-type").map_or("", String::as_str);
        let kind = kind.split(';').next().unwrap();
        let media = content.get(kind).or_else(|| content.get("*/*"));
        let media = media.unwrap_or_else(|| panic!("{at} is {kind:?}, which is not described"));
        let Some(schema) = media.get("schema") else { return };
        let text = Value::from(answer.text.as_str());
        let value = if kind.ends_with("json") { &answer.json } else { &text };
        self.hold_value(schema, value, at);
    }

    /// What was taken must be what may be sent.
    fn hold_question(
        &self,
        operation: &Operation<'_>,
        query: &str,
        body: Option<&Value>,
        at: &str,
    ) {
        let parameters = self.parameters(operation);
        for name in query.split('&').filter_map(|pair| pair.split('=').next()) {
            let known = |one: &&Value| one["in"] == "query" && one["name"] == name;
            assert!(name.is_empty() || parameters.iter().any(|one| known(one)), "{at} took {name}");
        }
        let schema = &operation.told["requestBody"]["content"]["application/json"]["schema"];
        if let (Some(body), true) = (body, schema.is_object()) {
            self.hold_value(schema, body, &format!("{at}, what it took"));
        }
    }

    #[track_caller]
    pub(crate) fn hold_value(&self, schema: &Value, value: &Value, at: &str) {
        // Both live as long as the comparison.
        let schemas = Schemas(&self.0);
        let faults = schemas.faults(schema, value, "it");
        assert!(faults.is_empty(), "{at} is not as described:\n{}\n{value:#}", faults.join("\n"));
    }

    /// Every object of the document, from the outside in.
    pub(crate) fn objects(&self) -> Vec<&Map<String, Value>> {
        let (mut found, mut open) = (Vec::new(), vec![&self.0]);
        while let Some(value) = open.pop() {
            match value {
                Value::Object(fields) => {
                    found.push(fields);
                    open.extend(fields.values());
                }
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        found
    }
}

fn matches(path: &str, address: &str) -> bool {
    let (mut told, mut asked) = (path.split('/'), address.split('/'));
    loop {
        match (told.next(), asked.next()) {
            (None, None) => return true,
            (Some(told), Some(asked)) if told == asked => {}
            (Some(told), Some(asked)) if told.starts_with('{') && !asked.is_empty() => {}
            _ => return false,
        }
    }
}
