//! The real program as a process: configured, started, killed, asked over HTTP.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, Utc};
use keywright::config::Config;
use keywright::sender::{Answered, Sender};
use keywright::standin::StandIn;
use keywright::store::rows::{EventFilter, LicenseFilter, LicenseRow, MailFilter, MailRow};
use keywright::store::types::EventStatus;
use keywright::store::{Options, Store};
use keywright::trigger::{Scenario, scene, tell};
use keywright_providers::sample::{Sample, Scene};
use tempfile::TempDir;

use super::databases::Database;

/// How long anything may take until it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// A vendor's machine: a configuration, a key, a mail folder, and a database.
pub(crate) struct Vendor<'a> {
    folder: TempDir,
    database: &'a Database,
    /// What stands in for the providers' APIs.
    api: StandIn,
}

/// Hexadecimal digits that no other kind has.
fn secret_of(kind: &str) -> String {
    let digits = data_encoding::HEXLOWER.encode(kind.as_bytes());
    format!("{:5<64}", digits.get(..64).unwrap_or(&digits))
}

/// One running `keywright serve`.
pub(crate) struct Node {
    child: Child,
    pub(crate) address: String,
}

impl<'a> Vendor<'a> {
    /// Sells `acme-pro` (a year at a time) at an account of each kind.
    pub(crate) fn new(database: &'a Database) -> Self {
        let api = StandIn::start("127.0.0.1:0").unwrap();
        let vendor = Self { folder: TempDir::new().unwrap(), database, api };
        vendor.configure("\"ITEM\" = \"acme-pro\"");
        vendor
    }

    /// Writes the configuration, with these lines in every account's products (`ITEM` stands for
    /// what its samples sell).
    pub(crate) fn configure(&self, products: &str) {
        let path = self.folder.path().display();
        let mut text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://licenses.acme.example\"\n\
             [database]\nurl = \"{}\"\n\
             [signing]\nkey_file = \"{path}/signing.pem\"\n\
             [mail]\nfrom = \"Acme <licenses@acme.example>\"\ntransport = \"file\"\n\
             directory = \"{path}/mail\"\n\
             [products.acme-pro]\nname = \"Acme Pro\"\ninterval = \"P1Y\"\nkey_prefix = \"ACME\"\n",
            self.database.address()
        );
        for provider in keywright_providers::ALL {
            let facts = provider.facts();
            let kind = facts.kind;
            let secret = secret_of(kind);
            text += &format!("[providers.{kind}]\nkind = \"{kind}\"\nsecrets = [\"{secret}\"]\n");
            for (name, value) in facts.made_up(&secret) {
                text += &format!("{name} = \"{value}\"\n");
            }
            if facts.made_up_asks() {
                text += &format!("api_url = \"http://{}\"\n", self.api.address);
            }
            text += &format!(
                "[providers.{kind}.products]\n{}\n",
                products.replace("ITEM", &format!("{kind}-item"))
            );
            text += &facts.made_up_tables(kind);
        }
        std::fs::write(self.file(), text).unwrap();
    }

    /// Changes the configuration by hand.
    pub(crate) fn edit(&self, change: impl FnOnce(String) -> String) {
        let text = std::fs::read_to_string(self.file()).unwrap();
        std::fs::write(self.file(), change(text)).unwrap();
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("keywright.toml")
    }

    pub(crate) fn mail_folder(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    pub(crate) fn config(&self) -> Config {
        Config::load_with(&self.file(), []).unwrap()
    }

    /// Starts a node and waits until it says where it listens.
    pub(crate) fn serve(&self) -> Node {
        self.serve_with(&[])
    }

    /// As [`Vendor::serve`], on a machine with these variables.
    pub(crate) fn serve_with(&self, variables: &[(&str, &str)]) -> Node {
        self.start(&["serve"], variables)
    }

    /// A node that is told to take the machine's clock for right.
    pub(crate) fn serve_trusting_its_clock(&self) -> Node {
        self.start(&["serve", "--trust-clock"], &[])
    }

    /// A node none of whose files may be larger, in units of 512 bytes.
    pub(crate) fn serve_within(&self, blocks: u32) -> Node {
        let command = self.command(&["serve"]);
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
        shell.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
        self.begun(shell.env("KEYWRIGHT_LOG", "warn"))
    }

    fn start(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Node {
        self.begun(self.command(arguments).envs(variables.iter().copied()))
    }

    fn begun(&self, command: &mut Command) -> Node {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::from(std::fs::File::create(self.folder.path().join("log")).unwrap()))
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("keywright listens on ") else {
            let _ = child.wait();
            panic!("not ready: {line:?}\n{}", self.log());
        };
        Node { child, address: address.to_owned() }
    }

    /// A command on this machine, to be started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keywright"));
        command.arg("--config").arg(self.file()).args(arguments);
        command.env("KEYWRIGHT_LOG", "warn").stdin(Stdio::null());
        command
    }

    /// A command on this machine, to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// A command on this machine, begun.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Another look at the same database.
    pub(crate) fn store(&self) -> Store {
        self.database.open(Options::default())
    }

    /// The purchase of this tag at this account.
    pub(crate) fn scene(&self, account: &str, tag: &str) -> Scene {
        let config = self.config();
        scene(&config.accounts[account], &config.catalogue, tag, now()).unwrap()
    }

    /// The signed events of a scenario. The providers' APIs know all of it from now on.
    pub(crate) fn events(&self, account: &str, tag: &str, scenario: &str) -> Vec<Sample> {
        let config = self.config();
        let steps = Scenario::parse(scenario).unwrap().steps(false);
        let scene = self.scene(account, tag);
        let told = tell(&config.accounts[account], &scene, &steps, now());
        // What this kind never tells of, it does not tell here: then it is the purchase alone.
        let told =
            told.or_else(|_| tell(&config.accounts[account], &scene, &steps[..1], now())).unwrap();
        let samples: Vec<Sample> = told.into_iter().flat_map(|told| told.samples).collect();
        self.api.learn(&samples);
        samples
    }
}

impl Node {
    pub(crate) fn sender(&self) -> Sender {
        Sender::new(&self.address).unwrap()
    }

    pub(crate) async fn send(&self, account: &str, sample: &Sample) -> Answered {
        self.sender().send(account, sample).await.unwrap()
    }

    /// What stands at an address of the service: status and body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let host = self.address.strip_prefix("http://").unwrap();
        let mut stream = std::net::TcpStream::connect(host).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// As power loss would end it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As an operator ends it, who does not wait.
    pub(crate) fn tell_to_end(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// As an operator ends it; says whether it ended well.
    pub(crate) fn terminate(mut self) -> bool {
        self.tell_to_end();
        self.child.wait().unwrap().success()
    }

    /// Tells it to load its configuration anew.
    pub(crate) fn hang_up(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Killed and waited for already, where that was the story.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The machine's time; only the harness and `clock.rs` look at it.
pub(crate) fn now() -> DateTime<Utc> {
    use keywright::clock::{Clock, SystemClock};
    SystemClock.now().trunc_subsecs(6)
}

/// Waits until nothing is left to apply.
pub(crate) async fn applied(store: &Store) {
    until("everything is applied", async || {
        store.read("counts", |tx| tx.event_counts()).await.unwrap().pending == 0
    })
    .await;
}

/// Waits until nothing is left to apply or to mail.
pub(crate) async fn settled(store: &Store) {
    until("everything is applied and mailed", async || {
        let (events, mail) =
            store.read("counts", |tx| Ok((tx.event_counts()?, tx.outbox_counts()?))).await.unwrap();
        events.pending == 0 && mail.queued == 0
    })
    .await;
}

/// Waits until it holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !holds().await {
        assert!(since.elapsed() < PATIENCE, "it never came about that {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The licenses that stand: without those that turned out to be another one.
pub(crate) async fn licenses(store: &Store, email: &str) -> Vec<LicenseRow> {
    let filter = LicenseFilter { email: Some(email.to_owned()), ..LicenseFilter::default() };
    let all = store.read("licenses", move |tx| tx.license_list(&filter, now(), None, 100)).await;
    all.unwrap().into_iter().filter(|license| license.merged_into.is_none()).collect()
}

pub(crate) async fn mails(store: &Store, license_id: &str) -> Vec<MailRow> {
    let filter = MailFilter { license_id: Some(license_id.to_owned()), ..MailFilter::default() };
    store.read("mails", move |tx| tx.outbox_list(&filter, None, 100)).await.unwrap()
}

/// Events of that status: type and reason of each.
pub(crate) async fn events(store: &Store, status: EventStatus) -> Vec<(String, Option<String>)> {
    let filter = EventFilter { status: Some(status), ..EventFilter::default() };
    let rows = store.read("events", move |tx| tx.event_list(&filter, None, 200)).await.unwrap();
    rows.into_iter().map(|row| (row.event_type, row.reason)).collect()
}

/// The `.eml` files of a folder.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".eml"))
        .collect()
}
