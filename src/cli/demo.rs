//! `demo`: the whole service in a folder, sending itself what providers would send.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use keywright_providers::ALL;
use keywright_providers::sample::Step;

use super::say;
use super::serve::Signals;
use crate::chance;
use crate::clock::{Clock, SystemClock};
use crate::config::{Account, Config, Transport};
use crate::mailer;
use crate::sender::Sender;
use crate::serve::Service;
use crate::standin::StandIn;
use crate::store::rows::{LicenseFilter, LicenseRow, MailFilter};
use crate::store::types::Role;
use crate::trigger::{scene, tell};

/// How long one step may take until it is applied and its mail written.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs everything in a folder: a purchase, a renewal and a refund from each provider, over HTTP
/// with real signatures.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Made if it is missing, kept if it is there.
    #[arg(long, default_value = "var/demo")]
    dir: PathBuf,
    /// Exits after printing.
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let file = furnish(&self.dir)?;
        let command = format!("keywright --config {}", file.display());
        let config = Config::load(&file)?;
        let stand_in = stand_in(&config)?;
        let mut signals = Signals::listen()?;
        let service = Service::start(config.clone(), file, Arc::new(SystemClock)).await?;
        say(format!(
            "keywright runs in {} and listens on http://{}\n",
            self.dir.display(),
            service.address
        ))?;
        let stage = Stage { service: &service, config: &config, stand_in: stand_in.as_ref() };
        for account in config.accounts.values() {
            stage.play(account).await?;
        }
        let (token, _) = service
            .support
            .token_new("demo", Role::Admin, crate::support::Asked::at_the_shell(None))
            .await?;
        let (token, site) = (token.expose(), format!("http://{}", service.address));
        let api = format!("{site}/api/v1");
        say(format!("console  {site}/console"))?;
        say(format!("API      {api}"))?;
        say(format!("token    {token}"))?;
        say(format!("try      curl -H 'Authorization: Bearer {token}' {api}/licenses"))?;
        say(format!("shell    {command} licenses list"))?;
        if self.once {
            say(format!("\nIt has ended; {command} serve starts it again, and says where."))?;
        } else {
            say("\nIt keeps serving; end it with Ctrl-C.")?;
            signals.until_told(&service).await;
        }
        signals.unless_told_again(service.stop()).await;
        Ok(())
    }
}

/// One running demo.
struct Stage<'a> {
    service: &'a Service,
    config: &'a Config,
    stand_in: Option<&'a StandIn>,
}

impl Stage<'_> {
    /// A purchase, its renewal, and the refund of the renewal.
    async fn play(&self, account: &Account) -> anyhow::Result<()> {
        let now = SystemClock.now();
        let scene = scene(account, &self.config.catalogue, &chance::tag()?, now)?;
        let steps = [Step::Purchase, Step::Renewal, Step::Refund];
        let sender = Sender::new(&format!("http://{}", self.service.address))?;
        say(account.provider.facts().title)?;
        let mut before: Option<LicenseRow> = None;
        for told in tell(account, &scene, &steps, now)? {
            if told.samples.is_empty() {
                say(format!("  {:9}it tells of none", told.step.as_str()))?;
                continue;
            }
            if let Some(stand_in) = self.stand_in {
                stand_in.learn(&told.samples);
            }
            for sample in &told.samples {
                let answered = sender.send(&account.name, sample).await?;
                if !(200..300).contains(&answered.status) {
                    bail!("{} answered {} to {}", account.name, answered.status, sample.title);
                }
            }
            let license = self.settled(&scene.email, told.step).await?;
            say(self.line(told.step, before.as_ref(), &license).await?)?;
            before = Some(license);
        }
        say("")?;
        Ok(())
    }

    async fn line(
        &self,
        step: Step,
        before: Option<&LicenseRow>,
        license: &LicenseRow,
    ) -> anyhow::Result<String> {
        let mut line = format!("  {:9}", step.as_str());
        match before {
            None => {
                write!(line, "key {}, expires {}", license.key, day(license.expires_at))?;
            }
            Some(before) => {
                let (old, new) = (day(before.expires_at), day(license.expires_at));
                write!(line, "expiry {old} -> {new}")?;
            }
        }
        let template = match step {
            Step::Purchase => Some("issued"),
            Step::Renewal => Some("renewed"),
            _ => None,
        };
        if let Some(mail) = self.mail(&license.id, template).await? {
            write!(line, "\n           mail {}", mail.display())?;
        }
        Ok(line)
    }

    /// The license of that customer, once everything sent so far is applied and mailed.
    async fn settled(&self, email: &str, step: Step) -> anyhow::Result<LicenseRow> {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            let filter =
                LicenseFilter { email: Some(email.to_owned()), ..LicenseFilter::default() };
            let now = SystemClock.now();
            let (events, mail, licenses) = self
                .service
                .store
                .read("demo", move |tx| {
                    Ok((
                        tx.event_counts()?,
                        tx.outbox_counts()?,
                        tx.license_list(&filter, now, None, 1)?,
                    ))
                })
                .await?;
            if let (0, 0, Some(license)) =
                (events.pending, mail.queued, licenses.into_iter().next())
            {
                return Ok(license);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the {} was not applied within {} s", step.as_str(), PATIENCE.as_secs())
    }

    /// The file of the newest mail about a license, by its template.
    async fn mail(
        &self,
        license_id: &str,
        template: Option<&str>,
    ) -> anyhow::Result<Option<PathBuf>> {
        let Transport::File { directory } = &self.config.mail.transport else { return Ok(None) };
        let filter =
            MailFilter { license_id: Some(license_id.to_owned()), ..MailFilter::default() };
        let mails = self
            .service
            .store
            .read("demo mail", move |tx| tx.outbox_list(&filter, None, 10))
            .await?;
        let mail = mails.into_iter().find(|mail| Some(mail.template.as_str()) == template);
        Ok(mail.map(|mail| mailer::file_in(directory, &mail.message_id)))
    }
}

/// The stand-in for every provider's API, where the configuration says that it is.
fn stand_in(config: &Config) -> anyhow::Result<Option<StandIn>> {
    let mut accounts = config.accounts.values();
    let url = accounts.find_map(|account| account.credentials.settings.get("api_url"));
    let Some(address) = url.and_then(|url| url.strip_prefix("http://")) else { return Ok(None) };
    let stand_in = StandIn::start(address)
        .with_context(|| format!("cannot stand in for the providers' APIs at {address}"))?;
    Ok(Some(stand_in))
}

fn day(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| at.format("%Y-%m-%d").to_string())
}

/// A folder with a configuration: an account of each kind, and something to sell. Its paths are
/// absolute, so that it is the same service wherever a command is run.
fn furnish(dir: &Path) -> anyhow::Result<PathBuf> {
    let file = dir.join("keywright.toml");
    if file.exists() {
        return Ok(file);
    }
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let dir =
        &std::fs::canonicalize(dir).with_context(|| format!("cannot open {}", dir.display()))?;
    let path = |name: &str| toml_text(&dir.join(name).display().to_string());
    let mut text = format!(
        "# Made by `keywright demo`.\n\
         [server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:8080\"\n\n\
         [database]\nurl = {}\n\n\
         [signing]\nkey_file = {}\n\n\
         [mail]\nfrom = \"Acme Licensing <licenses@acme.example>\"\ntransport = \"file\"\ndirectory = {}\n\n\
         [products.acme-pro]\nname = \"Acme Pro\"\ninterval = \"P1Y\"\nmax_activations = 2\n\
         key_prefix = \"ACME\"\nfeatures = [\"export\", \"batch\"]\n",
        toml_text(&format!("sqlite://{}", dir.join("keywright.db").display())),
        path("signing.pem"),
        path("mail"),
    );
    // Some providers are asked what their webhooks are about: on this machine, at a free port.
    let api = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    for provider in ALL {
        let facts = provider.facts();
        let (kind, secret) = (facts.kind, secret()?);
        write!(text, "\n[providers.{kind}]\nkind = \"{kind}\"\nsecrets = [\"{secret}\"]\n")?;
        for (name, value) in facts.made_up(&secret) {
            writeln!(text, "{name} = {}", toml_text(&value))?;
        }
        if facts.made_up_asks() {
            writeln!(text, "api_url = \"http://{api}\"")?;
        }
        write!(text, "[providers.{kind}.products]\n\"{kind}-acme-pro\" = \"acme-pro\"\n")?;
        text += &facts.made_up_tables(kind);
    }
    private_write(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn secret() -> anyhow::Result<String> {
    Ok(data_encoding::HEXLOWER.encode(&chance::bytes::<32>()?))
}

/// A TOML basic string.
fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// It holds secrets: for its owner alone.
fn private_write(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
