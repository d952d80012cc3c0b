//! Whom a proxy in front of this service says it has signed in. Only the console listens to it, and
//! only where `[console]` names the header.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;

use crate::config::Config;
use crate::config::console::{ProxyGroups, ProxyRoles, SignInProxy};
use crate::rules::plain::is_unseen;
use crate::store::types::Role;
use crate::support::vouched::{Standing, Vouched};
use crate::web::cells::opens;
use crate::web::client;

/// The longest name; that of an address (RFC 5321).
const NAME_BYTES_MAX: usize = 254;

/// More than the groups of anybody; who has more has none.
const GROUPS_BYTES_MAX: usize = 16 * 1024;

/// Whom the proxy names that hands us this request; `None`: nobody, or it is none that we trust.
pub(super) fn said(request: &HttpRequest, config: &Config) -> Option<Vouched> {
    let proxy = config.console.proxy.as_ref()?;
    let headers = request.headers();
    if !headers.contains_key(&proxy.user_header) {
        return None;
    }
    if !client::by_proxy(request, &config.server.trusted_proxies) {
        return ignored("untrusted");
    }
    match vouched(headers, proxy) {
        Some(vouched) => Some(vouched),
        None => ignored("malformed"),
    }
}

/// Is this a page that somebody opens? Not what another site makes his browser load beside its own.
pub(super) fn opens_page(request: &HttpRequest) -> bool {
    let is = |name: &str, words: &[&str]| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.map(|value| words.contains(&value))
    };
    let ours = is("sec-fetch-site", &["same-origin", "none"]).unwrap_or(true);
    let page = is("sec-fetch-dest", &["document"]).unwrap_or(false);
    *request.method() == Method::GET && (ours || page)
}

/// Nobody is told apart: the reason is for whoever set the proxy up.
fn ignored(reason: &'static str) -> Option<Vouched> {
    metrics::counter!("keywright_console_headers_ignored_total", "reason" => reason).increment(1);
    None
}

fn vouched(headers: &HeaderMap, proxy: &SignInProxy) -> Option<Vouched> {
    let name = alone(headers, &proxy.user_header).filter(|name| names_one(name))?;
    let standing = match &proxy.roles {
        ProxyRoles::OfUsers => Standing::OfUser,
        ProxyRoles::Written { people, groups } => {
            let own = people.get(name).copied();
            let of_groups = groups.as_ref().and_then(|groups| highest(headers, groups));
            Standing::Written(own.into_iter().chain(of_groups).reduce(higher))
        }
    };
    Some(Vouched { name: name.to_owned(), standing })
}

/// The value of a header that stands once. Twice, it would be the client's word beside the proxy's.
fn alone<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut lines = headers.get_all(name);
    let (line, None) = (lines.next()?, lines.next()) else { return None };
    std::str::from_utf8(line.as_bytes()).ok()
}

/// One name, of a length that a name has, in which everything can be seen. A comma is where a proxy
/// joined two headers.
fn names_one(name: &str) -> bool {
    let seen = |c: char| !c.is_control() && !is_unseen(c) && c != ',';
    let bytes = name.len();
    (1..=NAME_BYTES_MAX).contains(&bytes) && name.trim() == name && name.chars().all(seen)
}

/// The highest role that one of the groups gives.
fn highest(headers: &HeaderMap, groups: &ProxyGroups) -> Option<Role> {
    let text = alone(headers, &groups.header).filter(|text| text.len() <= GROUPS_BYTES_MAX)?;
    roles_in(text, &groups.roles).reduce(higher)
}

/// Authentik parts groups by `|`, all others by commas.
fn roles_in<'a>(
    text: &'a str,
    roles: &'a BTreeMap<String, Role>,
) -> impl Iterator<Item = Role> + 'a {
    let between = if text.contains('|') { '|' } else { ',' };
    text.split(between).filter_map(|group| roles.get(group.trim()).copied())
}

fn higher(one: Role, other: Role) -> Role {
    if opens(one, other) { one } else { other }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(lines: &[(&str, &[u8])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::try_from(*name).unwrap();
            headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    fn proxy() -> SignInProxy {
        let role = |name: &str, role| (name.to_owned(), role);
        let roles = [role("desk", Role::Support), role("acme Admins", Role::Admin)].into();
        let groups = Some(ProxyGroups { header: "remote-groups".to_owned(), roles });
        let people = [role("ann", Role::Support)].into();
        SignInProxy {
            user_header: "remote-user".to_owned(),
            roles: ProxyRoles::Written { people, groups },
            sign_out_url: None,
        }
    }

    #[test]
    fn one_whole_name_is_read_and_nothing_else() {
        let named = |lines: &[&[u8]]| {
            let lines: Vec<_> = lines.iter().map(|line| ("remote-user", *line)).collect();
            vouched(&headers(&lines), &proxy()).map(|vouched| vouched.name)
        };
        let longest = [b'a'; NAME_BYTES_MAX];
        for right in ["ann", "ann@acme.example", "Jörg Müller", "ACME\\ann"] {
            assert_eq!(named(&[right.as_bytes()]).as_deref(), Some(right));
        }
        assert!(named(&[&longest]).is_some());
        let longer = [&longest[..], b"a"].concat();
        let wrong: [&[&[u8]]; 10] = [
            &[],
            &[b""],
            &[b"  "],
            &[b"ann", b"bob"],
            &[b"ann", b"ann"],
            &[b"ann,bob"],
            &[b"an\tn"],
            &[&longer],
            &[b"an\xff"],
            &["ann\u{202e}".as_bytes()],
        ];
        for lines in wrong {
            assert_eq!(named(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn the_highest_role_counts_of_a_persons_own_and_of_his_groups() {
        let standing = |name: &str, groups: &[&str]| {
            let mut lines = vec![("remote-user", name.as_bytes())];
            lines.extend(groups.iter().map(|line| ("remote-groups", line.as_bytes())));
            vouched(&headers(&lines), &proxy()).unwrap().standing
        };
        let role = |role| Standing::Written(Some(role));
        assert_eq!(standing("bob", &["desk"]), role(Role::Support));
        assert_eq!(standing("bob", &["staff, acme Admins,desk"]), role(Role::Admin));
        assert_eq!(standing("bob", &["desk|acme Admins"]), role(Role::Admin));
        assert_eq!(standing("ann", &["staff"]), role(Role::Support));
        assert_eq!(standing("ann", &["acme Admins"]), role(Role::Admin));
        assert_eq!(standing("ann", &[]), role(Role::Support));
        for none in [&[][..], &[""], &["Desk"], &["desks"], &["desk", "acme Admins"]] {
            assert_eq!(standing("bob", none), Standing::Written(None), "{none:?}");
        }
        // A group whose name holds a comma is none of its parts, where groups are parted by |.
        assert_eq!(standing("bob", &["staff|x,desk"]), Standing::Written(None));
        assert_eq!(
            standing("bob", &[&format!("desk,{}", "a".repeat(GROUPS_BYTES_MAX))]),
            Standing::Written(None)
        );
    }
}
