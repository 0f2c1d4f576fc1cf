//! What is wrong with a room's folder is said in a line: where, what, what to do.

mod support;

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use support::{phantoms, refuse, said_and_refused, succeed, text};

/// A room of a manifest.
fn room(folder: &Path, manifest: &Path) -> std::path::PathBuf {
    let room = folder.join("room");
    succeed(&["import", "room", text(manifest), "--data", text(&room)]);
    room
}

/// Runs a command and wants one line that names the place and what to do.
fn complaint(code: i32, arguments: &[&str], place: &Path, advice: &str) {
    let said = refuse(code, arguments);
    let begin = format!("error: {}: ", place.display());
    assert!(said.starts_with(&begin) && said.lines().count() == 1, "{arguments:?}: {said}");
    assert!(said.contains(advice), "{arguments:?}: {said}");
    assert!(!said.contains("os error 20"), "{arguments:?}: {said}");
}

#[test]
fn folders_that_hold_no_room_are_refused_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let manifest = phantoms(folder.path());
    let known = room(folder.path(), &manifest);
    fs::write(at("file"), "no folder").unwrap();
    fs::create_dir(at("empty")).unwrap();
    fs::write(at("empty/room.sqlite"), "").unwrap();
    fs::create_dir(at("text")).unwrap();
    fs::write(at("text/room.sqlite"), "no database, only text".repeat(100)).unwrap();
    succeed(&["backup", text(&at("later")), "--data", text(&known)]);
    let database = Connection::open(at("later/room.sqlite")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);

    let out = at("out");
    let looking: [&[&str]; 3] =
        [&["backup", text(&out)], &["export", text(&out)], &["audit", "verify"]];
    let beginning: [&[&str]; 2] =
        [&["serve", "--address", "127.0.0.1:0"], &["import", "room", text(&manifest)]];
    for (name, begins_too, advice) in [
        ("nowhere", false, "(hint: name its folder with --data, or begin one"),
        ("empty", false, "(hint: name its folder with --data, or begin one"),
        ("file", true, "is a file, not a folder (hint: name the room's folder with --data)"),
        ("text", true, "name another folder, or bring it back from a backup"),
        ("later", true, "written by a newer version (step 99): open it with that version"),
    ] {
        let wrong = at(name);
        let data = ["--data", text(&wrong)];
        for command in looking.iter().chain(beginning.iter().filter(|_| begins_too)) {
            complaint(3, &[command, &data[..]].concat(), &wrong, advice);
        }
        assert!(!out.exists(), "{name}");
    }
}

#[test]
fn whatever_else_is_wrong_is_said_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let manifest = phantoms(folder.path());
    let known = room(folder.path(), &manifest);
    let data = ["--data", text(&known)];
    fs::write(at("file"), "no folder").unwrap();

    for command in ["backup", "export"] {
        complaint(3, &[&[command, text(&at("file"))], &data[..]].concat(), &at("file"), "(hint: ");
        let below = at("file").join("out");
        let said = refuse(5, &[&[command, text(&below)], &data[..]].concat());
        assert!(said.contains("(hint: choose another folder)"), "{said}");
        assert_eq!(said.matches(text(&below)).count(), 1, "{said}");
    }
    // A room is not begun for a manifest that is not there.
    let begun = at("begun");
    for missing in [at("nowhere.csv"), folder.path().to_path_buf()] {
        let arguments = ["import", "room", text(&missing), "--data", text(&begun)];
        let (said, complaint) = said_and_refused(3, &arguments);
        assert!(said.is_empty() && complaint.contains("(hint: "), "{said}{complaint}");
        assert!(!begun.exists());
    }
    let protocol = at("other.toml");
    let other = rating::Protocol::eoss().to_toml().replace("\"eoss\"", "\"other\"");
    fs::write(&protocol, other).unwrap();
    let arguments = [&["serve", "--protocol", text(&protocol)], &data[..]].concat();
    complaint(3, &arguments, &known, "begun with another protocol: name that one with --protocol");
    let arguments = ["import", "room", text(&manifest), "--readers", "nobody"];
    complaint(3, &[&arguments, &data[..]].concat(), &known, "make it on the page People");
}

/// As somebody who may read nothing of it; not for root, who may.
#[cfg(unix)]
#[test]
fn folders_of_others_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let shut = folder.path().join("shut");
    fs::create_dir(&shut).unwrap();
    fs::write(shut.join("room.sqlite"), "x").unwrap();
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(shut.join("room.sqlite")).is_ok() {
        eprintln!("skipped: root may read everything");
        return;
    }
    let out = folder.path().join("out");
    let commands: [&[&str]; 4] = [
        &["backup", text(&out)],
        &["export", text(&out)],
        &["audit", "verify"],
        &["serve", "--address", "127.0.0.1:0"],
    ];
    for command in commands {
        let arguments = [command, &["--data", text(&shut)]].concat();
        complaint(3, &arguments, &shut, "(hint: ask whoever owns it");
    }
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o755)).unwrap();
}
