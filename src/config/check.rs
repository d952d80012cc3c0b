//! Settings into values that cannot be wrong.

use std::path::{Path, PathBuf};

use super::fault::{Faults, Key, Report, did_you_mean};
use super::hidden::Hidden;
use super::layers::{Layers, read_file};
use super::section::{section, table};
use super::settings::{
    DatabaseSettings, MailSettings, MySettings, NetLicensingSettings, ServerSettings,
    SigningSettings, TABLES, TransportName,
};
use super::values::Network;
use super::{
    Config, Database, Mail, My, NetLicensing, Server, Signing, Transport, accounts, catalogue,
    console, hooks, retention, telemetry,
};
use crate::store::url::LOOSE_AT;
use crate::store::{DatabaseUrl, StoreError};

/// The whole configuration, or all that is wrong with it.
pub(super) fn config(layers: &Layers) -> Result<Config, Faults> {
    let mut report = Report::new(layers);
    tables(&mut report);
    // Each part is looked at, whatever is wrong with the others.
    let server = server(&mut report);
    let database = database(&mut report);
    let signing = signing(&mut report);
    let mail = mail(&mut report);
    let retention = retention::retention(&mut report);
    let my = my(&mut report);
    let console = console::console(&mut report, server.as_ref());
    let netlicensing = netlicensing(&mut report);
    let telemetry = telemetry::telemetry(&mut report);
    let products = catalogue::products(&mut report);
    let (accounts, items) = accounts::accounts(&mut report, &products);
    let hooks = hooks::hooks(&mut report);
    let whole = (|| {
        let (server, database, signing, mail) = (server?, database?, signing?, mail?);
        let (products, catalogue) = products.into_catalogue(items, &accounts);
        let (my, netlicensing) = (my?, netlicensing?);
        Some(Config {
            server,
            database,
            signing,
            mail,
            retention,
            my,
            console,
            netlicensing,
            telemetry,
            catalogue,
            products,
            accounts,
            hooks,
            stray_variables: layers.strays(),
        })
    })();
    report.close(whole)
}

/// A text that may be a secret: as written, or the content of the file named instead. Of the two the
/// one that a variable gives is meant, as with every other value.
pub(super) fn either(
    report: &mut Report<'_>,
    written: (&Key, Option<Hidden>),
    file: (&Key, Option<&Path>),
) -> Option<Hidden> {
    let Some(path) = file.1 else { return written.1 };
    if written.1.is_some() && report.layers.is_said(written.0) {
        match (report.layers.is_variable(file.0), report.layers.is_variable(written.0)) {
            (true, false) => {}
            (false, true) => return written.1,
            (true, true) | (false, false) => {
                report.add(file.0, format!("stands beside {}; keep one of the two", written.0));
            }
        }
    }
    from_file(report, file.0, path)
}

/// What a file holds, without the newline that editors leave at its end.
pub(super) fn from_file(report: &mut Report<'_>, key: &Key, path: &Path) -> Option<Hidden> {
    let text = read_file(path)
        .map_err(|error| format!("names {}, which cannot be read ({error})", path.display()));
    Some(Hidden::from(report.take(key, text)?.trim_end_matches(['\r', '\n']).to_owned()))
}

fn tables(report: &mut Report<'_>) {
    for name in report.layers.names() {
        if !TABLES.contains(&name.as_str()) {
            let hint = did_you_mean(&name, TABLES);
            let hint =
                if hint.is_empty() { format!("; there are {}", TABLES.join(", ")) } else { hint };
            report.add(&Key::of(&[&name]), format!("is not a known table{hint}"));
        }
    }
}

fn server(report: &mut Report<'_>) -> Option<Server> {
    let key = Key::of(&["server"]);
    let written = table(report, &key);
    let settings: ServerSettings = section(report, &key, written, &[]);
    let mut trusted_proxies = Vec::new();
    for (index, text) in settings.trusted_proxies.into_iter().flatten().enumerate() {
        let key = key.at("trusted_proxies").index(index);
        trusted_proxies.extend(report.take(&key, text.parse::<Network>()));
    }
    Some(Server {
        listen: settings.listen?.0,
        public_url: settings.public_url?,
        max_body_bytes: settings.max_body?.0,
        trusted_proxies,
    })
}

fn database(report: &mut Report<'_>) -> Option<Database> {
    let key = Key::of(&["database"]);
    let written = table(report, &key);
    let settings: DatabaseSettings = section(report, &key, written, &[]);
    let (url_key, file_key) = (key.at("url"), key.at("url_file"));
    let file = (&file_key, settings.url_file.as_deref());
    let url = either(report, (&url_key, settings.url), file)?;
    let key = if settings.url_file.is_some() { file_key } else { url_key };
    Some(Database { url: report.take(&key, database_url(&url))? })
}

/// The store reads its address and says what is wrong with it. Where a user stands in it, only
/// the form is told: a password with a wrong character could pass for any other part.
fn database_url(url: &Hidden) -> Result<DatabaseUrl, String> {
    let url = url.expose();
    url.parse().map_err(|error: StoreError| match url.matches('@').count() {
        0 => format!("cannot be used: {error}"),
        1 => "cannot be read; write postgres://user:password@host/database with % escapes as in \
              every URL, or sqlite://var/keywright.db"
            .to_owned(),
        _ => LOOSE_AT.to_owned(),
    })
}

fn signing(report: &mut Report<'_>) -> Option<Signing> {
    let key = Key::of(&["signing"]);
    let written = table(report, &key);
    let settings: SigningSettings = section(report, &key, written, &[]);
    Some(Signing { key_file: path(report, &key.at("key_file"), settings.key_file)? })
}

fn mail(report: &mut Report<'_>) -> Option<Mail> {
    let key = Key::of(&["mail"]);
    let written = table(report, &key);
    let settings: MailSettings = section(report, &key, written, &[]);
    let templates = settings.templates.filter(|folder| {
        let there = folder.is_dir();
        if !there {
            let message = format!("names {}, which is no folder", folder.display());
            report.add(&key.at("templates"), message);
        }
        there
    });
    let (url_key, file_key) = (key.at("smtp_url"), key.at("smtp_url_file"));
    let file = (&file_key, settings.smtp_url_file.as_deref());
    let url = either(report, (&url_key, settings.smtp_url), file);
    let url = url.map(|url| {
        report.take(
            if settings.smtp_url_file.is_some() { &file_key } else { &url_key },
            url.try_into(),
        )
    });
    let directory = path(report, &key.at("directory"), settings.directory);
    let transport = match (settings.transport?, url) {
        (TransportName::File, _) => Transport::File { directory: directory? },
        (TransportName::Smtp, Some(url)) => Transport::Smtp { url: url? },
        (TransportName::Smtp, None) => {
            let right = "is missing; write smtps://user:password@mail.example.com, or set \
                         transport = \"file\"";
            report.add(&url_key, right);
            return None;
        }
    };
    let alert_locale = settings.alert_locale.map(|locale| locale.0);
    let alert_to = settings.alert_to;
    Some(Mail { from: settings.from?, transport, templates, alert_to, alert_locale })
}

fn my(report: &mut Report<'_>) -> Option<My> {
    let key = Key::of(&["my"]);
    let written = table(report, &key);
    let settings: MySettings = section(report, &key, written, &[]);
    let release_period = settings.release_period?;
    if release_period.is_zero() {
        let right = "is zero, so nothing would be limited; write P30D, or raise releases";
        report.add(&key.at("release_period"), right);
        return None;
    }
    Some(My { enabled: settings.enabled?, releases: settings.releases?, release_period })
}

fn netlicensing(report: &mut Report<'_>) -> Option<NetLicensing> {
    let key = Key::of(&["netlicensing"]);
    let written = table(report, &key);
    let settings: NetLicensingSettings = section(report, &key, written, &[]);
    Some(NetLicensing { root: settings.root?, namespace: settings.namespace? })
}

fn path(report: &mut Report<'_>, key: &Key, path: Option<PathBuf>) -> Option<PathBuf> {
    let path = path?;
    if path.as_os_str().is_empty() {
        report.add(key, "is blank; write a path");
        return None;
    }
    Some(path)
}
