//! Signing in by the word of a proxy: what is written, and what is wrong with it.

use super::Desk;
use crate::config::console::ProxyRoles;
use crate::store::types::Role;

const TRUSTED: &str = "[server]\ntrusted_proxies = [\"10.0.0.1\"]\n";

fn written(console: &str) -> Desk {
    Desk::with(&format!("{TRUSTED}[console]\n{console}"))
}

#[test]
fn where_nothing_is_said_no_proxy_is_believed() {
    for text in ["", TRUSTED, "[console]\n"] {
        assert_eq!(Desk::with(text).load().unwrap().console.proxy, None, "{text}");
    }
}

#[test]
fn roles_are_those_of_users_unless_they_are_written_here() {
    let proxy = |console: &str| written(console).load().unwrap().console.proxy.unwrap();
    let users = proxy("user_header = \"Remote-User\"");
    assert_eq!((users.user_header.as_str(), users.roles), ("remote-user", ProxyRoles::OfUsers));
    assert_eq!(users.sign_out_url, None);
    let listed = proxy("user_header = \"u\"\n[console.people]\n\"ann@acme.example\" = \"admin\"");
    let ProxyRoles::Written { people, groups: None } = listed.roles.clone() else {
        panic!("{listed:?}")
    };
    assert_eq!(people["ann@acme.example"], Role::Admin);
    let grouped = proxy(
        "user_header = \"u\"\ngroups_header = \"Remote-Groups\"\n\
         sign_out_url = \"https://auth.acme.example/logout?rd=/\"\n[console.groups]\n\
         \"authentik Admins\" = \"admin\"\ndesk = \"support\"",
    );
    assert_eq!(grouped.sign_out_url.unwrap(), "https://auth.acme.example/logout?rd=/");
    let ProxyRoles::Written { groups: Some(groups), .. } = grouped.roles else { panic!() };
    assert_eq!(groups.header, "remote-groups");
    assert_eq!(groups.roles["authentik Admins"], Role::Admin);
    assert_eq!(groups.roles["desk"], Role::Support);
}

#[test]
fn the_environment_can_say_it_too() {
    let desk = Desk::with("")
        .variable("KEYWRIGHT__SERVER__TRUSTED_PROXIES", "10.0.0.1")
        .variable("KEYWRIGHT__CONSOLE__USER_HEADER", "Remote-User");
    assert_eq!(desk.load().unwrap().console.proxy.unwrap().user_header, "remote-user");
}

#[test]
fn a_header_that_nobody_or_anybody_could_send_is_refused() {
    let by = |trusted: &str| {
        let text = format!("[server]\ntrusted_proxies = {trusted}\n[console]\nuser_header = \"u\"");
        Desk::with(&text).faults()
    };
    assert_eq!(
        by("[]"),
        ["keywright.toml: console.user_header: takes the word of a proxy, and \
          server.trusted_proxies is empty, so nobody would ever be believed; write the proxy's \
          address there, as in trusted_proxies = [\"127.0.0.1\"]"]
    );
    for everybody in ["[\"10.0.0.1\", \"0.0.0.0/0\"]", "[\"::/0\"]"] {
        let told = by(everybody);
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(told[0].contains("so anybody could name himself"), "{told:?}");
    }
}

#[test]
fn each_fault_says_what_would_be_right() {
    let header = "user_header = \"u\"\n";
    for (text, told) in [
        ("user_header = \"\"", "user_header: is no name of a header"),
        ("user_header = \"X Forwarded\"", "user_header: is no name of a header"),
        ("user_header = [\"a\", \"b\"]", "user_header: is a list; write a text in quotes"),
        ("user_heder = \"u\"", "user_heder: is not a known key; did you mean user_header?"),
        ("groups_header = \"g\"", "groups_header: does nothing without console.user_header"),
        ("sign_out_url = \"/out\"", "sign_out_url: does nothing without console.user_header"),
        ("[console.groups]\na = \"admin\"", "groups: does nothing without console.user_header"),
        ("[console.people]\na = \"admin\"", "people: does nothing without console.user_header"),
        (
            &format!("{header}groups_header = \"g\""),
            "groups_header: stands without [console.groups]",
        ),
        (&format!("{header}[console.groups]\na = \"admin\""), "groups_header: is missing"),
        (
            &format!("{header}groups_header = \"U\"\n[console.groups]\na = \"admin\""),
            "groups_header: is the header of the name",
        ),
        (
            &format!("{header}groups_header = \"g\"\n[console.groups]\n\"a,b\" = \"admin\""),
            "console.groups.\"a,b\": has a comma or |",
        ),
        (
            &format!("{header}[console.people]\nann = \"amin\""),
            "console.people.ann: is none of support, admin; did you mean admin?",
        ),
        (&format!("{header}[console.people]\nann = true"), "ann: is a truth value; write a role"),
        (&format!("{header}sign_out_url = \"out\""), "sign_out_url: leads nowhere"),
        (&format!("{header}sign_out_url = \"//evil.example\""), "sign_out_url: leads nowhere"),
        (&format!("{header}sign_out_url = \"javascript:x()\""), "sign_out_url: leads nowhere"),
        (&format!("{header}sign_out_url = \"http://acme.example\""), "sign_out_url: leads nowhere"),
    ] {
        let faults = written(text).faults();
        assert_eq!(faults.len(), 1, "{text}\n{faults:#?}");
        assert!(faults[0].contains(told), "{told}\n{faults:#?}");
    }
}

#[test]
fn an_address_is_no_name_of_a_user() {
    let warned = |console: &str| {
        let warnings = written(console).warnings();
        warnings.iter().filter(|warning| warning.starts_with("console.user_header")).count()
    };
    let email = "user_header = \"X-Auth-Request-Email\"\n";
    assert_eq!(warned(email), 1);
    assert_eq!(warned(&format!("{email}[console.people]\n\"ann@acme.example\" = \"admin\"")), 0);
    assert_eq!(warned("user_header = \"Remote-User\""), 0);
}
