//! The address of the database: its scheme is ours to read, and no password is ever printed.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use tokio_postgres::config::{Host, SslMode};

use super::error::StoreError;

/// What is wrong with an address of more than one @.
pub(crate) const LOOSE_AT: &str = "has an @ in the user, password or host; write it as %40";

/// PostgreSQL's usual port.
const PORT: u16 = 5432;

/// Where the data is: `sqlite://PATH` (relative: `sqlite://var/keywright.db`, absolute:
/// `sqlite:///srv/keywright.db`) or `postgres://USER:PASSWORD@HOST/DATABASE`.
///
/// Over a network TLS is used where the server offers it, and its certificate is checked;
/// `?sslmode=require` insists, `?sslmode=disable` goes without, `?sslrootcert=FILE` names the
/// authority that signed it.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    Postgres(Box<PostgresUrl>),
}

/// How a PostgreSQL server is reached, password and all.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    pub(super) config: tokio_postgres::Config,
    /// A PEM file of authorities, instead of the well-known ones.
    pub(super) root_certificates: Option<PathBuf>,
}

impl FromStr for DatabaseUrl {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        match scheme {
            "sqlite" => sqlite(rest),
            "postgres" | "postgresql" if rest.starts_with("//") => postgres(text),
            _ => Err(StoreError::Address(format!(
                "the address of the database begins with {:?}; it must begin with sqlite:// or \
                 postgres://",
                scheme.chars().take(20).collect::<String>()
            ))),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Without the password and the user.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                let name = url.config.get_dbname().unwrap_or_default();
                write!(f, "postgres://{}/{name}", url.hosts())
            }
        }
    }
}

impl PostgresUrl {
    /// The servers, as people read them: a port where it is not the usual one.
    pub(super) fn hosts(&self) -> String {
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate().map(|(position, one)| {
            // One port is meant for all of them.
            match ports.get(position).or_else(|| ports.first()).copied() {
                None | Some(PORT) => host(one),
                Some(port) => format!("{}:{port}", host(one)),
            }
        });
        hosts.collect::<Vec<_>>().join(",")
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresUrl").finish_non_exhaustive()
    }
}

fn sqlite(rest: &str) -> Result<DatabaseUrl, StoreError> {
    let wrong = |message: &str| Err(StoreError::Address(message.to_owned()));
    match rest.strip_prefix("//") {
        None => wrong(
            "a database in a file is written sqlite://PATH; one in memory would lose what was \
             answered for",
        ),
        Some("") => wrong("sqlite:// lacks the path of the file"),
        Some(path) if path.contains(['?', '#']) => {
            wrong("sqlite://PATH takes no options; remove what stands after ? or #")
        }
        Some(path) if path.contains(":memory:") => {
            wrong("a database in memory would lose what was answered for; name a file")
        }
        Some(path) => Ok(DatabaseUrl::Sqlite(PathBuf::from(path))),
    }
}

fn postgres(text: &str) -> Result<DatabaseUrl, StoreError> {
    let (text, options) = split_options(text);
    // The first @ would end the password, and its rest would be printed as a part of the host.
    if text.matches('@').count() > 1 {
        return Err(StoreError::Address(format!("the address of the database {LOOSE_AT}")));
    }
    let mut root_certificates = None;
    let mut mode = None;
    let mut passed_on = Vec::new();
    for option in options {
        match option.split_once('=') {
            Some(("sslrootcert", file)) => root_certificates = Some(PathBuf::from(file)),
            Some(("sslmode", word)) => mode = Some(ssl_mode(word)?),
            _ => passed_on.push(option),
        }
    }
    let mut config: tokio_postgres::Config = format!("{text}?{}", passed_on.join("&"))
        .parse()
        .map_err(|error: tokio_postgres::Error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            StoreError::Address(format!(
                "the address of the database cannot be read ({}); it is written \
                 postgres://USER:PASSWORD@HOST:PORT/DATABASE",
                cause.unwrap_or_else(|| error.to_string())
            ))
        })?;
    if config.get_hosts().is_empty() {
        return Err(StoreError::Address(
            "the address of the database names no host; it is written \
             postgres://USER:PASSWORD@HOST:PORT/DATABASE"
                .to_owned(),
        ));
    }
    let near = config.get_hosts().iter().all(is_near);
    config.ssl_mode(mode.unwrap_or(if near { SslMode::Disable } else { SslMode::Prefer }));
    Ok(DatabaseUrl::Postgres(Box::new(PostgresUrl { config, root_certificates })))
}

fn split_options(text: &str) -> (&str, Vec<&str>) {
    let (text, options) = text.split_once('?').unwrap_or((text, ""));
    (text, options.split('&').filter(|option| !option.is_empty()).collect())
}

/// The certificate is always checked, so the two words that ask for it mean `require`.
fn ssl_mode(word: &str) -> Result<SslMode, StoreError> {
    match word {
        "disable" => Ok(SslMode::Disable),
        "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-ca" | "verify-full" => Ok(SslMode::Require),
        _ => Err(StoreError::Address(
            "sslmode is one of disable, prefer, require, verify-ca, verify-full".to_owned(),
        )),
    }
}

/// On this machine: nobody listens in between.
fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn host(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<DatabaseUrl>().unwrap_err().to_string()
    }

    fn mode(text: &str) -> SslMode {
        match text.parse().unwrap() {
            DatabaseUrl::Postgres(url) => url.config.get_ssl_mode(),
            DatabaseUrl::Sqlite(path) => panic!("{}", path.display()),
        }
    }

    #[test]
    fn a_path_is_relative_or_absolute() {
        let path = |text: &str| text.parse::<DatabaseUrl>().unwrap();
        assert_eq!(path("sqlite://var/kw.db"), DatabaseUrl::Sqlite("var/kw.db".into()));
        assert_eq!(path("sqlite:///srv/kw.db"), DatabaseUrl::Sqlite("/srv/kw.db".into()));
    }

    #[test]
    fn what_is_neither_is_refused_with_a_sentence() {
        assert!(refused("mysql://root@host/db").contains("begins with \"mysql\""));
        assert!(refused("var/keywright.db").contains("sqlite:// or postgres://"));
        assert!(refused("").contains("sqlite:// or postgres://"));
        assert!(refused("sqlite::memory:").contains("would lose"));
        assert!(refused("sqlite://:memory:").contains("would lose"));
        assert!(refused("sqlite://").contains("lacks the path"));
        assert!(refused("sqlite://a.db?mode=ro").contains("no options"));
        assert!(refused("postgres:user@host").contains("postgres://"));
        assert!(refused("postgres:///db").contains("no host"));
        assert!(refused("postgres://u@h/db?sslmode=allow").contains("sslmode is one of"));
        assert!(refused("postgres://u@h/db?color=blue").contains("color"));
    }

    #[test]
    fn a_password_is_never_printed() {
        let url: DatabaseUrl = "postgres://anna:s3cret@db.example:5433/kw".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://db.example:5433/kw");
        assert!(!format!("{url:?}").contains("s3cret"));
        for loose in ["postgres://anna:s3@cret@db.example/kw", "postgres://anna:s3@c/ret@db/kw"] {
            assert!(refused(loose).contains("write it as %40"), "{loose}");
        }
        assert!("postgres://anna:s3%40cret@db.example/kw".parse::<DatabaseUrl>().is_ok());
        assert!(!refused("postgres://anna:s3cret@db.example:port/kw").contains("s3cret"));
        assert!(!refused("postgres//anna:s3cret@db.example/kw").contains("s3cret"));
    }

    #[test]
    fn a_port_is_told_where_it_is_not_the_usual_one() {
        let told = |text: &str| text.parse::<DatabaseUrl>().unwrap().to_string();
        assert_eq!(told("postgres://u@db.example/kw"), "postgres://db.example/kw");
        assert_eq!(told("postgres://u@db.example:5432/kw"), "postgres://db.example/kw");
        assert_eq!(told("postgres://u@127.0.0.1:24848/kw"), "postgres://127.0.0.1:24848/kw");
        assert_eq!(told("postgres://u@a:5433,b:5432/kw"), "postgres://a:5433,b/kw");
    }

    #[test]
    fn tls_is_the_rule_over_a_network() {
        assert_eq!(mode("postgres://u@127.0.0.1/kw"), SslMode::Disable);
        assert_eq!(mode("postgres://u@%2Frun%2Fpostgresql/kw"), SslMode::Disable);
        assert_eq!(mode("postgres://u@db.example/kw"), SslMode::Prefer);
        assert_eq!(mode("postgres://u@db.example/kw?sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode("postgres://u@localhost/kw?sslmode=require"), SslMode::Require);
    }
}
