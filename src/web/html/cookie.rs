//! What names a session in the browser: a cookie that only this host gets back, that no script
//! reads and no other site sends.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use chrono::TimeDelta;

/// Sessions of the console, and of customers: the two never mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jar {
    Console,
    My,
}

impl Jar {
    /// With the prefix that makes browsers insist on https, no domain and the whole host. They
    /// refuse such a cookie over plain http, which only a trial on one's own machine uses.
    fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Console, true) => "__Host-keywright",
            (Self::Console, false) => "keywright",
            (Self::My, true) => "__Host-keywright-my",
            (Self::My, false) => "keywright-my",
        }
    }

    /// The session that a request comes with.
    #[must_use]
    pub fn read(self, request: &HttpRequest, https: bool) -> Option<String> {
        request.cookie(self.name(https)).map(|cookie| cookie.value().to_owned())
    }

    /// Gives a session to the browser.
    #[must_use]
    pub fn fill(self, session: &str, lasts: TimeDelta, https: bool) -> Cookie<'static> {
        let mut cookie = self.bare(session.to_owned(), https);
        cookie.set_max_age(actix_web::cookie::time::Duration::seconds(lasts.num_seconds()));
        cookie
    }

    /// Takes it away again.
    #[must_use]
    pub fn empty(self, https: bool) -> Cookie<'static> {
        let mut cookie = self.bare(String::new(), https);
        cookie.make_removal();
        cookie
    }

    /// Lax: a link from a mail or a ticket leads to the page, and not to the sign-in; whatever
    /// changes something is a POST, with which no other site sends it.
    fn bare(self, value: String, https: bool) -> Cookie<'static> {
        Cookie::build(self.name(https), value)
            .path("/")
            .http_only(true)
            .secure(https)
            .same_site(SameSite::Lax)
            .finish()
    }
}
