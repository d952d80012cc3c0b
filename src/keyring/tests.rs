//! The key file through its life: first start, rotation, retirement, and what must not be.

use std::os::unix::fs::PermissionsExt;

use super::*;

const ENTROPY: Entropy = [7; 64];

/// RFC 8410, section 10.3.
const BROUGHT: &str = "-----BEGIN PRIVATE KEY-----\n\
                       MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                       -----END PRIVATE KEY-----\n";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("var/signing.pem")
    }

    fn holding(text: &str) -> Self {
        let home = Self::new();
        std::fs::create_dir(home.0.path().join("var")).unwrap();
        std::fs::write(home.path(), text).unwrap();
        home.mode(0o600);
        home
    }

    fn mode(&self, mode: u32) {
        std::fs::set_permissions(self.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn open(&self) -> Keyring {
        Keyring::open(&self.path()).unwrap()
    }

    fn refused(&self) -> String {
        Keyring::open(&self.path()).unwrap_err().to_string()
    }
}

#[test]
fn the_first_start_makes_it_and_the_next_finds_it() {
    let home = Home::new();
    let made = Keyring::open_or_create(&home.path(), true, &ENTROPY).unwrap();
    let found = Keyring::open_or_create(&home.path(), true, &[9; 64]).unwrap();
    assert_eq!((made.kid(), made.seed()), (found.kid(), found.seed()));
    assert_eq!(made.seed(), &[7; 32]);
    let mode = std::fs::metadata(home.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let left: Vec<_> = std::fs::read_dir(home.path().parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn it_is_never_made_anew_while_licenses_exist() {
    let home = Home::new();
    let error = Keyring::open_or_create(&home.path(), false, &ENTROPY).unwrap_err();
    assert!(error.to_string().contains("restore it from the backup"), "{error}");
    assert!(!home.path().exists());
    // Where nobody looked whether there are any, nothing is said of them.
    let error = Keyring::open(&home.path()).unwrap_err().to_string();
    assert!(error.contains("keywright init") && !error.contains("licenses"), "{error}");
}

#[test]
fn a_file_that_is_not_whole_is_to_be_restored_and_never_cut() {
    let home = Home::new();
    Keyring::open_or_create(&home.path(), true, &ENTROPY).unwrap();
    let text = std::fs::read_to_string(home.path()).unwrap();
    let cut = text.trim_end().strip_suffix("-----").unwrap();
    for damaged in ["", "nothing of ours", cut] {
        let home = Home::holding(damaged);
        assert!(home.refused().contains("restore it from the backup"), "{}", home.refused());
    }
    let home = Home::holding(&format!("{}{text}", "# a remark\n".repeat(30_000)));
    assert!(home.refused().contains("larger than 256 KiB"), "{}", home.refused());
    let before = std::fs::metadata(home.path()).unwrap().len();
    Keyring::add(&home.path(), &[9; 32]).unwrap_err();
    assert_eq!(std::fs::metadata(home.path()).unwrap().len(), before);
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let home = Home::new();
    Keyring::open_or_create(&home.path(), true, &ENTROPY).unwrap();
    for mode in [0o640, 0o604, 0o660] {
        home.mode(mode);
        assert!(home.refused().contains("chmod 600"), "{mode:o}");
    }
    home.mode(0o400);
    home.open();
}

#[test]
fn a_new_key_signs_and_the_old_one_stays_published_until_retired() {
    let home = Home::new();
    let old = Keyring::open_or_create(&home.path(), true, &ENTROPY).unwrap();
    let old_token = proof::sign(old.signing_key(), old.kid(), "test", &"claims");
    let new = Keyring::add(&home.path(), &[9; 32]).unwrap();
    let both = home.open();
    assert_eq!(both.kid(), new);
    assert_eq!(both.seed(), old.seed());
    assert_eq!(proof::verify(&old_token, &both.public_keys(), "test"), Ok("claims".to_owned()));

    let error = Keyring::retire(&home.path(), &new).unwrap_err();
    assert!(matches!(error, KeyringError::Active(_)), "{error}");
    Keyring::retire(&home.path(), old.kid()).unwrap();
    let one = home.open();
    assert_eq!(one.seed(), old.seed());
    assert_eq!(
        proof::verify::<String>(&old_token, &one.public_keys(), "test"),
        Err(proof::Refusal::UnknownKey)
    );
    assert_eq!(one.jwks()["keys"].as_array().unwrap().len(), 1);
    assert_eq!(
        one.standings().collect::<Vec<_>>(),
        [(old.kid(), Standing::Retired), (new.as_str(), Standing::Active)]
    );
    let again = Keyring::retire(&home.path(), old.kid()).unwrap_err();
    assert!(matches!(again, KeyringError::Retired(_)), "{again}");
    let unknown = Keyring::retire(&home.path(), "0000000000000000").unwrap_err();
    assert!(matches!(unknown, KeyringError::Unknown(_)), "{unknown}");
}

#[test]
fn a_key_that_the_vendor_brings_gives_one_seed_for_ever() {
    let home = Home::holding(BROUGHT);
    let brought = home.open();
    assert_ne!(brought.seed(), &[0; 32]);
    Keyring::add(&home.path(), &[9; 32]).unwrap();
    Keyring::retire(&home.path(), brought.kid()).unwrap();
    assert_eq!(home.open().seed(), brought.seed());
    // Even when the vendor takes the retired key out.
    let text = std::fs::read_to_string(home.path()).unwrap();
    let (_, kept) = text.split_once("-----END RETIRED PRIVATE KEY-----\n").unwrap();
    let home = Home::holding(kept);
    assert_eq!(home.open().seed(), brought.seed());
}

#[test]
fn damaged_and_foreign_files_are_refused_without_their_content() {
    let (half, _) = BROUGHT.split_once("-----END").unwrap();
    for (text, why) in [
        ("", "holds no PRIVATE KEY"),
        (half, "has no end"),
        (&BROUGHT.replace("MC4C", "MC4D"), "not Ed25519"),
        (&BROUGHT.replace("INTuctv5", "INTu?tv5"), "damaged"),
        (&BROUGHT.replace("PRIVATE KEY", "EC PRIVATE KEY"), "only PRIVATE KEY"),
        (&BROUGHT.replace("PRIVATE KEY", "RETIRED PRIVATE KEY"), "holds no PRIVATE KEY"),
        (&BROUGHT.repeat(2), "one key twice"),
        (&BROUGHT.replace("PRIVATE KEY", "KEYWRIGHT SEED"), "not 32 bytes"),
    ] {
        let refused = Home::holding(text).refused();
        assert!(refused.contains(why), "{why}: {refused}");
        assert!(!refused.contains("ctv5E1hK1bbY8fdp"), "{refused}");
    }
}

#[test]
fn what_a_killed_process_left_behind_is_no_hindrance() {
    let home = Home::holding(BROUGHT);
    std::fs::write(home.path().with_file_name("signing.pem.new"), "half").unwrap();
    let new = Keyring::add(&home.path(), &[9; 32]).unwrap();
    assert_eq!(home.open().kid(), new);
}

#[test]
fn nothing_secret_is_printed() {
    let home = Home::new();
    let ring = Keyring::open_or_create(&home.path(), true, &ENTROPY).unwrap();
    let printed = format!("{ring:?}");
    assert_eq!(printed, format!("Keyring {{ keys: [({:?}, Active)], .. }}", ring.kid()));
}

#[test]
fn keys_made_at_the_same_time_are_all_kept() {
    let home = Home::holding(BROUGHT);
    std::thread::scope(|scope| {
        for byte in 1..=8 {
            let path = home.path();
            scope.spawn(move || Keyring::add(&path, &[byte; 32]).unwrap());
        }
    });
    assert_eq!(home.open().public_keys().len(), 9);
}
