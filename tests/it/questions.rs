//! How a question is put to a provider's API, and what counts as its answer.

use std::time::{Duration, Instant};

use keywright::fetch::{Fetch, FetchError};
use keywright::rules::retry::RetryAfter;
use keywright_providers::{Ask, Auth};
use serde_json::json;

use crate::fetch::{account, account_with, bearer, oauth};
use crate::support::api::{Act, Api, Asked};

const CERTIFICATE: &str = include_str!("../../providers/scheme/rsa/keys/certificate.txt");

/// The call that this question leads to, of an account with that secret.
async fn put(ask: Ask, secret: &str) -> Asked {
    let api = Api::open([Act::json(&json!({}))]).await;
    Fetch::new().unwrap().ask(&ask, &account_with(&api, secret)).await.unwrap();
    api.asked().remove(0)
}

async fn put_with(auth: Auth) -> Asked {
    put(Ask { auth, ..bearer() }, "a&b<c>d-of-the-rest-app").await
}

async fn answered(act: Act) -> Result<u16, FetchError> {
    let api = Api::open([act]).await;
    let fetch = Fetch::with_call_max(Duration::from_secs(30)).unwrap();
    fetch.ask(&bearer(), &account(&api)).await.map(|fetched| fetched.status)
}

#[tokio::test]
async fn each_api_gets_its_credential_where_it_looks_for_it() {
    let (user, secret) = ("a-client-of-the-rest-app", "a&b<c>d-of-the-rest-app");
    let basic = |text: String| format!("Basic {}", data_encoding::BASE64.encode(text.as_bytes()));

    assert_eq!(put_with(Auth::Nothing).await.authorization, "");
    let bearer = put_with(Auth::Bearer("api_client_secret")).await;
    assert_eq!(bearer.authorization, format!("Bearer {secret}"));
    let only_user = Auth::BasicUser { user: "api_client_secret", password: "x" };
    assert_eq!(put_with(only_user).await.authorization, basic(format!("{secret}:x")));
    let both = Auth::Basic { user: "api_client_id", password: "api_client_secret" };
    assert_eq!(put_with(both).await.authorization, basic(format!("{user}:{secret}")));
    let own = Auth::Header { name: "X-Auth-Token", prefix: "Key ", setting: "api_client_secret" };
    let own = put_with(own).await;
    assert_eq!(
        (own.header("x-auth-token"), own.authorization.as_str()),
        ("Key a&b<c>d-of-the-rest-app", "")
    );
}

#[tokio::test]
async fn a_credential_in_a_body_is_text_there_and_stands_in_its_place_alone() {
    let auth = Auth::InBody { mark: "SECRET", setting: "api_client_secret" };
    let body = Some(("text/xml", b"<q><key>SECRET</key><id>SECRET</id></q>".to_vec()));
    let asked = put(Ask { auth, body, ..bearer() }, "a&b<c>d-of-the-rest-app").await;
    let told = "<q><key>a&amp;b&lt;c&gt;d-of-the-rest-app</key><id>SECRET</id></q>";
    assert_eq!((asked.method.as_str(), asked.body.as_str()), ("POST", told));
    assert_eq!((asked.header("content-type"), asked.authorization.as_str()), ("text/xml", ""));
}

#[tokio::test]
async fn json_is_asked_for_unless_the_question_says_otherwise() {
    let plain = put(bearer(), "the-secret-of-the-rest-app").await;
    assert_eq!((plain.method.as_str(), plain.header("accept")), ("GET", "application/json"));
    assert!(plain.header("user-agent").starts_with("keywright/"), "{plain:?}");
    let headers = vec![("Accept", "application/xml".to_owned()), ("X-Version", "7".to_owned())];
    let own = put(Ask { headers, ..bearer() }, "the-secret-of-the-rest-app").await;
    assert_eq!((own.header("accept"), own.header("x-version")), ("application/xml", "7"));
}

#[tokio::test]
async fn what_is_there_and_what_is_not_are_answers_and_the_rest_is_none() {
    for status in [200, 204, 299, 404, 410] {
        assert_eq!(answered(Act::status(status)).await, Ok(status));
    }
    for status in [408, 425, 429, 500, 502, 503, 504, 599] {
        let error = answered(Act::status(status)).await.unwrap_err();
        assert!(error.passes() && error.to_string().contains(&status.to_string()), "{error}");
    }
    for status in [400, 402, 405, 418, 301, 304] {
        let error = answered(Act::status(status)).await.unwrap_err();
        assert!(!error.passes() && error.to_string().contains("question thing"), "{error}");
    }
}

#[tokio::test]
async fn when_it_wants_to_be_asked_again_is_heard() {
    for (header, told) in [
        ("Retry-After: 120", Some(RetryAfter::Seconds(120))),
        ("Retry-After: soon", None),
        ("X-None: 0", None),
    ] {
        let error = answered(Act::Answer(503, header, String::new())).await.unwrap_err();
        assert_eq!(error.retry_after(), told, "{header}");
    }
}

#[tokio::test]
async fn no_path_leads_to_another_host() {
    let api = Api::open([]).await;
    let account = account(&api);
    for path in ["@elsewhere.example/", ".elsewhere.example/", ":81/", "things", ""] {
        let ask = Ask { path: path.to_owned(), ..bearer() };
        let answer = Fetch::new().unwrap().ask(&ask, &account).await;
        assert!(matches!(answer, Err(FetchError::Address(_))), "{path}: {answer:?}");
    }
    assert_eq!(api.asked(), []);
}

#[tokio::test]
async fn a_slash_behind_the_host_makes_no_second_one() {
    let api = Api::open([Act::json(&json!({}))]).await;
    let mut account = account(&api);
    account.credentials.settings.insert("api_url".to_owned(), format!("{}/", api.base));
    Fetch::new().unwrap().ask(&bearer(), &account).await.unwrap();
    assert_eq!(api.asked()[0].path, "/v1/things/1");
}

fn token(token: &str) -> Act {
    Act::json(&json!({ "access_token": token, "expires_in": 3600 }))
}

/// Who was called, and with what: `token` or the token.
fn calls(api: &Api) -> Vec<String> {
    let call = |asked: Asked| match asked.path.as_str() {
        "/v1/oauth2/token" => "token".to_owned(),
        _ => asked.authorization.replace("Bearer ", ""),
    };
    api.asked().into_iter().map(call).collect()
}

#[tokio::test]
async fn right_credentials_are_used_at_once_though_the_token_of_wrong_ones_lasts() {
    let there = Act::json(&json!({}));
    let api = Api::open([token("wrong"), Act::status(404), token("right"), there]).await;
    let fetch = Fetch::new().unwrap();
    let wrong = account_with(&api, "the-secret-of-another-app");
    assert!(!fetch.ask(&oauth(), &wrong).await.unwrap().found());
    assert!(fetch.ask(&oauth(), &account(&api)).await.unwrap().found());
    assert_eq!(calls(&api), ["token", "wrong", "token", "right"]);
}

#[tokio::test]
async fn a_right_that_was_given_meanwhile_counts_at_once() {
    let there = || Act::json(&json!({}));
    let api = Api::open([token("old"), there(), Act::status(403), token("new"), there()]).await;
    let (fetch, account) = (Fetch::new().unwrap(), account(&api));
    for _ in 0..2 {
        assert!(fetch.ask(&oauth(), &account).await.unwrap().found());
    }
    assert_eq!(calls(&api), ["token", "old", "old", "token", "new"]);
}

#[tokio::test]
async fn who_gives_no_token_is_busy_or_has_refused_the_credential() {
    let odd = Act::json(&json!({ "token": "x" }));
    for (act, passes) in [
        (Act::status(400), false),
        (Act::status(401), false),
        (Act::status(403), false),
        (Act::status(500), true),
        (Act::Answer(429, "Retry-After: 7", String::new()), true),
        (odd, true),
    ] {
        let api = Api::open([act.clone()]).await;
        let error = Fetch::new().unwrap().ask(&oauth(), &account(&api)).await.unwrap_err();
        assert_eq!(error.passes(), passes, "{act:?}: {error}");
        assert_eq!(api.asked().len(), 1, "{act:?}");
        let told = error.to_string();
        assert!(!told.contains("the-secret"), "{told}");
        assert!(passes || told.contains("[providers.pay]"), "{told}");
    }
}

#[tokio::test]
async fn whoever_names_a_silent_address_waits_less_than_a_provider_does() {
    let api = Api::open(vec![Act::Silent; 64]).await;
    let fetch = Fetch::new().unwrap();
    let addresses: Vec<String> = (0..12).map(|number| format!("{}/{number}", api.base)).collect();
    let begun = Instant::now();
    let mut asked = tokio::task::JoinSet::new();
    for address in addresses {
        let fetch = fetch.clone();
        asked.spawn(async move { fetch.certificate(&address).await });
    }
    while let Some(answer) = asked.join_next().await {
        assert!(answer.unwrap().unwrap_err().passes());
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(api.asked().len() <= 8, "{}: four at once, and twice at most", api.asked().len());
}

#[tokio::test]
async fn a_certificate_is_fetched_once_and_only_where_it_may_be() {
    let pem = Act::Answer(200, "X-None: 0", CERTIFICATE.to_owned());
    let api = Api::open([Act::status(503), pem]).await;
    let fetch = Fetch::new().unwrap();
    let address = |name: &str| format!("{}/{name}", api.base);
    for _ in 0..2 {
        assert!(fetch.certificate(&address("away")).await.unwrap_err().passes());
    }
    let there = address("there");
    let asked = || fetch.certificate(&there);
    let (one, two) = tokio::join!(asked(), asked());
    for fetched in [one, two, asked().await] {
        assert_eq!(fetched.unwrap().unwrap().as_slice(), CERTIFICATE.as_bytes());
    }
    assert_eq!(api.asked().len(), 2, "one that is away, and one that is known from then on");
    for _ in 0..2 {
        assert_eq!(fetch.certificate(&address("invented")).await, Ok(None));
    }
    assert_eq!(api.asked().len(), 3);
    api.acts(Act::Answer(200, "X-None: 0", "<html>Sign in to the network</html>".to_owned()));
    let odd = fetch.certificate(&address("odd")).await.unwrap_err();
    assert!(odd.passes() && odd.to_string().contains("something else"), "{odd}");
    for elsewhere in ["http://api.example.com/cert.pem", "file:///etc/passwd", "cert.pem"] {
        let answer = fetch.certificate(elsewhere).await;
        assert!(matches!(answer, Err(FetchError::Address(_))), "{elsewhere}: {answer:?}");
    }
    let long = Act::Answer(200, "X-None: 0", "x".repeat(64 * 1024 + 1));
    let api = Api::open([long]).await;
    let answer = fetch.certificate(&api.base).await;
    assert!(matches!(answer, Err(FetchError::TooLong(_))), "{answer:?}");
}
