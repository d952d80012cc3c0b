//! The command line, as a person at a shell meets it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

const SECRET: &str = "whsec_kwStripeTestSecret123";

/// A folder to work in, with none of this machine's variables.
pub(crate) struct Shell {
    home: Arc<tempfile::TempDir>,
    folder: PathBuf,
}

/// What a command left behind.
pub(crate) struct Done {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Shell {
    pub(crate) fn new() -> Self {
        let home = Arc::new(tempfile::tempdir().unwrap());
        Self { folder: home.path().to_owned(), home }
    }

    /// The same machine, in a folder within.
    fn inside(&self, folder: &str) -> Self {
        Self { home: Arc::clone(&self.home), folder: self.path(folder) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        self.mode(name, 0o600);
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn run(&self, arguments: &str) -> Done {
        let output = Command::new(env!("CARGO_BIN_EXE_keywright"))
            .args(arguments.split_whitespace())
            .current_dir(&self.folder)
            .env_clear()
            .output()
            .unwrap();
        Done {
            status: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command that has to succeed; gives what it printed.
    pub(crate) fn done(&self, arguments: &str) -> String {
        let done = self.run(arguments);
        assert_eq!((done.status, done.err.as_str()), (0, ""), "{arguments}");
        done.out
    }

    /// Runs a command that is not meant so; gives what it said.
    fn misused(&self, arguments: &str) -> String {
        let done = self.run(arguments);
        assert_eq!((done.status, done.out.as_str()), (2, ""), "{arguments}");
        done.err
    }

    /// Runs a command that has to be refused; gives the reason.
    pub(crate) fn refused(&self, arguments: &str) -> String {
        let done = self.run(arguments);
        assert_eq!((done.status, done.out.as_str()), (1, ""), "{arguments}");
        done.err
    }

    fn keys(&self) -> Vec<(String, String)> {
        let list: serde_json::Value = serde_json::from_str(&self.done("keys list --json")).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let list = list.as_array().unwrap().iter();
        list.map(|key| (text(&key["kid"]), text(&key["standing"]))).collect()
    }
}

#[test]
fn init_leaves_a_configuration_that_is_right_and_never_overwrites_one() {
    let shell = Shell::new();
    assert!(shell.done("init").contains("keywright check"));
    for file in ["keywright.toml", "var/signing.pem"] {
        let mode = fs::metadata(shell.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert!(shell.done("check").starts_with("keywright.toml is right."));

    shell.write("keywright.toml", "# mine\n");
    assert!(shell.refused("init").contains("is there already"));
    assert_eq!(fs::read_to_string(shell.path("keywright.toml")).unwrap(), "# mine\n");
}

#[test]
fn no_new_signing_key_is_made_for_an_old_database() {
    let shell = Shell::new();
    fs::create_dir(shell.path("var")).unwrap();
    shell.write("var/keywright.db", "");
    assert!(shell.refused("init").contains("restore it from the backup"));
    assert!(shell.refused("keys new").contains("restore it from the backup"));
    assert!(!shell.path("var/signing.pem").exists());
}

#[test]
fn check_tells_every_fault_and_no_secret() {
    let shell = Shell::new();
    shell.write(
        "keywright.toml",
        &format!(
            "[server]\nlisten = \"everywhere\"\n[mail]\nsmtp_url = \"smtp:{SECRET}\"\n\
             [providers.stripe]\nkind = \"stripe\"\nsecret = \"{SECRET}\"\nsecretfile = \"x\"\n\
             [providers.stripe.products]\nprice_1 = \"acme-pro\"\n"
        ),
    );
    let told = shell.refused("check");
    let keys: Vec<&str> = told.lines().filter_map(|line| line.split(": ").nth(1)).collect();
    assert_eq!(
        keys,
        [
            "mail.smtp_url",
            "providers.stripe.products.price_1",
            "providers.stripe.secretfile",
            "server.listen",
        ]
    );
    assert!(told.lines().all(|line| line.starts_with("keywright.toml: ")), "{told}");
    assert!(!told.contains(SECRET), "{told}");
}

#[test]
fn check_tells_what_a_right_configuration_amounts_to() {
    let shell = Shell::new();
    shell.write(
        "keywright.toml",
        &format!(
            "[server]\npublic_url = \"http://licenses.example.com\"\n[database]\n\
             url = \"postgres://user:hunter22@db.example.com/keywright\"\n[products.acme-pro]\n\
             name = \"Acme Pro\"\ninterval = \"P1Y\"\n[products.acme-lite]\n[products.suite]\n\
             bundle = [\"acme-pro\", \"acme-lite\"]\n[providers.shop-eu]\nkind = \"stripe\"\n\
             secret = \"{SECRET}\"\n[providers.shop-eu.products]\n\"price_1Pro\" = \"acme-pro\"\n\
             [providers.shop-us]\nkind = \"fastspring\"\nsecret = \"kwFastSpringSecret123\"\n\
             private_key = \"0123456789abcdef0123456789abcdef\"\ndeliver = \"both\"\n"
        ),
    );
    insta::assert_snapshot!(shell.done("check"));
    shell.mode("keywright.toml", 0o640);
    assert!(!shell.done("check").contains("chmod"));
    shell.mode("keywright.toml", 0o644);
    assert!(shell.done("check").contains("chmod o-rwx keywright.toml"));
}

#[test]
fn check_tells_whose_word_the_console_takes() {
    let shell = Shell::new();
    let told = |roles: &str| {
        let trusting = "[server]\ntrusted_proxies = [\"10.0.0.1\"]\n";
        let text = format!("{trusting}[console]\nuser_header = \"Remote-User\"\n{roles}");
        shell.write("keywright.toml", &text);
        let told = shell.done("check");
        told.lines().find(|line| line.starts_with("console ")).unwrap().to_owned()
    };
    let word = "console   takes a trusted proxy's word in remote-user; roles: ";
    assert_eq!(told(""), format!("{word}those of users"));
    assert_eq!(told("[console.people]\nann = \"admin\""), format!("{word}of people 1"));
    let groups =
        "groups_header = \"Remote-Groups\"\n[console.groups]\na = \"admin\"\nb = \"support\"";
    assert_eq!(told(groups), format!("{word}of people 0, of groups 2 (remote-groups)"));
}

#[test]
fn a_signing_key_that_others_can_read_is_a_fault() {
    let shell = Shell::new();
    shell.done("init");
    shell.mode("var/signing.pem", 0o644);
    assert!(shell.refused("check").contains("chmod 600 var/signing.pem"));
}

#[test]
fn a_signing_key_that_is_gone_is_made_only_where_nothing_is_there_yet() {
    let shell = Shell::new();
    shell.done("init");
    fs::remove_file(shell.path("var/signing.pem")).unwrap();
    assert!(shell.done("check").contains("made on the first start"));
    shell.done("licenses list");
    fs::remove_file(shell.path("var/signing.pem")).unwrap();
    assert!(shell.done("check").contains("missing; put it back"));
}

#[test]
fn with_the_configuration_of_another_folder_no_second_service_is_made() {
    let shell = Shell::new();
    fs::create_dir(shell.path("other")).unwrap();
    shell.done("init");
    fs::rename(shell.path("keywright.toml"), shell.path("other/keywright.toml")).unwrap();
    let refused = shell.refused("licenses list --config other/keywright.toml");
    assert!(refused.contains("run this where the service runs"), "{refused}");
    assert!(!shell.path("var/keywright.db").exists());
}

#[test]
fn in_another_folder_no_key_is_made_and_none_is_said_to_be_lost() {
    let shell = Shell::new();
    fs::create_dir(shell.path("other")).unwrap();
    shell.write("keywright.toml", "");
    let missing = shell.refused("keys list");
    assert!(missing.contains("made by `keywright init`"), "{missing}");
    assert!(!missing.contains("licenses"), "{missing}");
    fs::rename(shell.path("keywright.toml"), shell.path("other/keywright.toml")).unwrap();
    for command in ["keys new", "backup copy.db"] {
        let refused = shell.refused(&format!("{command} --config other/keywright.toml"));
        assert!(refused.contains("run this where the service runs"), "{refused}");
    }
    // A database that is everywhere the same does not say where the key is.
    shell.write(
        "other/keywright.toml",
        "[database]\nurl = \"postgres://kw@db.example/keywright\"\n",
    );
    let refused = shell.refused("keys new --config other/keywright.toml");
    assert!(
        refused.contains("there is no signing key var/signing.pem in this folder"),
        "{refused}"
    );
    assert!(!shell.path("var").exists());
}

#[test]
fn what_cannot_be_written_is_said_once() {
    let shell = Shell::new();
    shell.write("keywright.toml", "[signing]\nkey_file = \"keywright.toml/signing.pem\"\n");
    let refused = shell.refused("keys new");
    assert_eq!(refused.matches("os error").count(), 1, "{refused}");
}

#[test]
fn a_demo_is_the_same_from_every_folder() {
    let shell = Shell::new();
    let told = shell.done("demo --once --dir demo");
    assert!(told.contains("keywright --config demo/keywright.toml serve"), "{told}");
    let from_here = shell.done("licenses list --config demo/keywright.toml");
    assert_eq!(shell.inside("demo").done("licenses list"), from_here);
    assert!(from_here.contains("acme-pro") && !shell.path("demo/demo").exists());
}

#[test]
fn a_key_is_followed_by_another_before_it_is_retired() {
    let shell = Shell::new();
    shell.done("init");
    let first = shell.keys()[0].0.clone();
    assert!(shell.refused(&format!("keys retire {first}")).contains("keywright keys new"));
    shell.done("keys new");
    let second = shell.keys()[1].0.clone();
    // To be embedded before it signs.
    let list: serde_json::Value = serde_json::from_str(&shell.done("keys list --json")).unwrap();
    assert_eq!(list[1]["public_key"]["kid"], second.as_str());
    assert_eq!(list[1]["public_key"]["x"].as_str().map(str::len), Some(43));
    shell.done(&format!("keys retire {first}"));
    let standing = |kid: String, standing: &str| (kid, standing.to_owned());
    assert_eq!(shell.keys(), [standing(first, "retired"), standing(second.clone(), "active")]);
    assert!(shell.done("keys list").contains(&format!("{second}  active")));
    assert!(shell.refused("keys retire 0000").contains("keywright keys list"));
}

#[test]
fn every_kind_is_listed_for_people_and_for_programs() {
    let shell = Shell::new();
    let kinds: serde_json::Value = serde_json::from_str(&shell.done("providers --json")).unwrap();
    let for_people = shell.done("providers");
    assert_eq!(kinds.as_array().unwrap().len(), keywright_providers::ALL.len());
    for (listed, provider) in kinds.as_array().unwrap().iter().zip(keywright_providers::ALL) {
        let facts = provider.facts();
        assert_eq!(listed["kind"], facts.kind);
        assert_eq!(listed["keys_in_answer"], facts.fulfils);
        assert!(for_people.contains(&format!("{} ({})\n", facts.title, facts.kind)));
        assert!(facts.events.iter().all(|event| for_people.contains(event)));
    }
}

#[test]
fn wrong_usage_has_a_status_of_its_own() {
    let shell = Shell::new();
    for wrong in ["", "chekc", "check --jsn", "keys", "keys retire"] {
        let done = shell.run(wrong);
        assert_eq!((done.status, done.out.as_str()), (2, ""), "{wrong:?}: {}", done.err);
    }
    assert_eq!(shell.run("--help").status, 0);
    assert!(shell.done("--version").starts_with("keywright "));
    assert!(shell.refused("check").contains("keywright init"));
    assert!(shell.refused("check --config else/where.toml").starts_with("else/where.toml: "));
}

#[test]
fn a_vendor_reads_a_letter_before_a_customer_does() {
    let shell = Shell::new();
    fs::create_dir(shell.path("mine")).unwrap();
    shell.write("mine/remind.subject.txt", "The last days of {{ product }}\n");
    shell.write(
        "keywright.toml",
        "[mail]\nfrom = \"Acme Keys <keys@acme.example>\"\ntemplates = \"mine\"\n",
    );
    let german = shell.done("mail preview remind --locale de-AT");
    assert!(german.starts_with("Subject: Ihre Lizenz für Acme Pro endet bald\n"), "{german}");
    assert!(german.contains("31. Januar 2028, 10:00 UTC"), "{german}");
    assert!(german.contains("\nAcme Keys\n"), "who writes is as configured: {german}");
    let own = shell.done("mail preview remind");
    assert!(own.starts_with("Subject: The last days of Acme Pro\n"), "{own}");
    assert!(shell.done("mail preview revoked --locale fr --html").contains("<html lang=\"fr\">"));
    assert_eq!(shell.run("mail preview birthday").status, 2);
    assert!(!shell.path("var").exists(), "nothing else was touched");
}

#[test]
fn trigger_says_where_it_found_no_service_and_how_to_name_one() {
    let shell = Shell::new();
    let configured = |listen: &str| {
        shell.write(
            "keywright.toml",
            &format!(
                "[server]\nlisten = \"{listen}\"\n[providers.stripe]\nkind = \"stripe\"\nsecret = \
                 \"{SECRET}\"\n"
            ),
        );
    };
    configured("127.0.0.1:0");
    let any = shell.misused("trigger stripe purchase --set item=price_x");
    assert!(any.contains("the configuration listens on any free port: say --to URL"), "{any}");
    let bare = shell.misused("trigger stripe purchase --set item=price_x --to localhost:21000");
    assert!(bare.contains("--to localhost:21000: write http://localhost:21000"), "{bare}");
    // Whoever took it has gone.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    configured(&free.to_string());
    let nobody = shell.refused("trigger stripe purchase --set item=price_x --set tag=ada");
    let right = "is `keywright serve` running there? --to names another address";
    assert!(nobody.contains(&format!("no answer from http://{free}")), "{nobody}");
    assert!(nobody.contains(right), "{nobody}");
}

#[test]
fn what_is_mapped_to_nothing_can_be_tried_out_before_it_is_mapped() {
    let shell = Shell::new();
    shell.write(
        "keywright.toml",
        &format!("[providers.stripe]\nkind = \"stripe\"\nsecret = \"{SECRET}\"\n"),
    );
    let refused = shell.refused("trigger stripe purchase --print");
    assert!(refused.contains("say --set item=ITEM"), "{refused}");
    let told =
        shell.done("trigger stripe purchase --print --set email=ada@x.example --set item=price_x");
    assert!(told.contains("price_x") && told.contains("ada@x.example"), "{told}");
    let more = shell.done("trigger stripe purchase --print --set tag=ab12 --set item=price_x");
    assert!(more.contains("buyer.ab12@"), "of the customer whose purchase it is: {more}");
    for (set, told) in [
        ("email", "--set email: write KEY=VALUE"),
        ("colour=red", "--set colour: is not known"),
        ("quantity=many", "--set quantity: must be a whole number"),
    ] {
        let wrong = format!("trigger stripe purchase --print --set item=price_x --set {set}");
        let wrong = shell.misused(&wrong);
        assert!(wrong.contains(told), "{wrong}");
    }
}
