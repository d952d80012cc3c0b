//! Basic authentication.

use super::*;

fn verify(user: Option<&str>, passwords: &[&str], value: &str) -> Result<(), Reject> {
    let headers = headers(&[("authorization", value)]);
    basic(&request(&headers, b"{}"), user, &secrets(passwords)).map(|_| ())
}

#[test]
fn a_password_may_hold_a_colon_and_a_blank() {
    let value = "Basic a3dob29rOnA6c3MgdzByZA==";
    assert_eq!(verify(Some("kwhook"), &["p:ss w0rd"], value), Ok(()));
    assert_eq!(verify(Some("kwhook"), &["old-password", "p:ss w0rd"], value), Ok(()));
    assert_eq!(verify(Some("kwhook:p"), &["ss w0rd1"], value), Err(Reject::Wrong));
    assert_eq!(verify(Some("other"), &["p:ss w0rd"], value), Err(Reject::Wrong));
    assert_eq!(verify(Some("kwhook"), &[], value), Err(Reject::NoSecret));
    assert_eq!(verify(None, &["p:ss w0rd"], value), Err(Reject::NoSecret));
    for odd in ["a3dob29rOnA6c3MgdzByZA==", "Bearer a3dob29r", "Basic a3dob29rOnA6c3MgdzByZA"] {
        assert_eq!(verify(Some("kwhook"), &["p:ss w0rd"], odd), Err(Reject::Malformed));
    }
}

#[test]
fn signing_gives_the_header() {
    let sample = Sample::json("", &serde_json::Value::Null);
    let signed = basic_sign(sample, "kwhook", &secrets(&["p:ss w0rd"])[0]);
    assert_eq!(signed.header("Authorization"), Some("Basic a3dob29rOnA6c3MgdzByZA=="));
}
