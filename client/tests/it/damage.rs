//! Disks fail, and folders are not what they should be.

use std::fs;
use std::thread;

use keywright_client::{Fault, Status};

use super::standin::KEY;
use super::world::World;

#[test]
fn a_file_cut_off_anywhere_is_told_and_a_new_activation_heals_it() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    let whole = fs::read(world.file()).unwrap();
    for length in 0..whole.len() {
        fs::write(world.file(), &whole[..length]).unwrap();
        assert_eq!(application.check().word(), "unreadable", "{length} bytes");
    }
    assert!(matches!(application.refresh(), Err(Fault::Damaged { .. })));
    assert_eq!(application.activate(KEY).unwrap().word(), "valid");
    assert_eq!(world.start().check().word(), "valid");
    assert_eq!(world.vendor(|vendor| vendor.machines.len()), 1);
}

#[test]
fn no_byte_that_changes_makes_another_license_of_it() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    let whole = fs::read(world.file()).unwrap();
    let held = application.check().license().cloned();
    for position in 0..whole.len() {
        let mut changed = whole.clone();
        changed[position] ^= 0x55;
        fs::write(world.file(), &changed).unwrap();
        let status = application.check();
        assert!(!status.is_valid() || status.license() == held.as_ref(), "byte {position}");
    }
}

#[test]
fn what_is_no_file_of_ours_is_told() {
    let world = World::new();
    fs::create_dir_all(world.file().parent().unwrap()).unwrap();
    for text in ["", "null", "[]", "{}", "{\"license\":7,\"seen\":{}}", "\u{0}\u{0}\u{0}"] {
        fs::write(world.file(), text).unwrap();
        assert_eq!(world.start().check().word(), "unreadable", "{text:?}");
    }
    fs::write(world.file(), vec![b' '; 1024 * 1024]).unwrap();
    assert_eq!(world.start().check().word(), "unreadable");
}

#[test]
fn a_folder_that_cannot_be_used_is_an_error_that_names_it() {
    let world = World::new();
    let taken = world.folder.path().join("taken");
    fs::write(&taken, "a file").unwrap();
    let application = world.start_on("machine-1", taken.clone());
    assert!(matches!(application.check(), Status::Unreadable(Fault::Storage { .. })));
    let fault = application.activate(KEY).unwrap_err();
    assert!(fault.to_string().contains(taken.to_str().unwrap()), "{fault}");
}

#[cfg(unix)]
#[test]
fn the_key_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(world.file()), 0o600);
    assert_eq!(mode(world.file().parent().unwrap().to_path_buf()), 0o700);
    assert!(!format!("{application:?} {:?}", application.check()).contains(KEY));
}

#[test]
fn many_threads_and_processes_leave_one_whole_file() {
    let world = World::new();
    world.start().activate(KEY).unwrap();
    // Each has its own lock between threads, as each process would have.
    let applications: Vec<_> = (0..4).map(|_| world.start()).collect();
    thread::scope(|scope| {
        for application in &applications {
            scope.spawn(|| {
                for _ in 0..10 {
                    application.refresh().unwrap();
                    assert_eq!(application.check().word(), "valid");
                }
            });
        }
    });
    let names: Vec<_> = fs::read_dir(world.file().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "the file and its lock: {names:?}");
}
