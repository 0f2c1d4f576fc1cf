//! `rating backup`: a room's folder that can be opened, heatmaps and all.

mod support;

use std::fs;

use support::{refuse, succeed, text};

#[test]
fn a_backup_is_a_room_with_its_images_and_heatmaps() {
    let folder = tempfile::tempdir().unwrap();
    let (drawn, room, copy) =
        (folder.path().join("drawn"), folder.path().join("room"), folder.path().join("copy"));
    succeed(&[
        "phantom",
        text(&drawn),
        "--seed",
        "1",
        "--cohort",
        "prospective",
        "--patients",
        "1",
        "--pairs",
        "2",
    ]);
    let manifest = drawn.join("manifest.csv");
    succeed(&["import", "room", text(&manifest), "--data", text(&room)]);
    let without = folder.path().join("without");
    let said = succeed(&["backup", text(&without), "--data", text(&room)]);
    assert!(said.starts_with("database, 4 images and 0 files of heatmaps copied"), "{said}");

    let maps = room.join("maps/ab");
    fs::create_dir_all(&maps).unwrap();
    fs::write(maps.join("abcd.exact.0.png"), "veil").unwrap();
    fs::write(maps.join(".abcd.exact.1.png.unfinished"), "ve").unwrap();
    let said = succeed(&["backup", text(&copy), "--data", text(&room)]);
    assert!(said.starts_with("database, 4 images and 1 file of heatmaps copied"), "{said}");
    assert_eq!(fs::read_to_string(copy.join("maps/ab/abcd.exact.0.png")).unwrap(), "veil");
    assert_eq!(fs::read_dir(copy.join("maps/ab")).unwrap().count(), 1);
    succeed(&["audit", "verify", "--data", text(&copy)]);
    refuse(3, &["backup", text(&copy), "--data", text(&room)]);

    // A copy of a room that has lost images is made, and not called good.
    fs::remove_dir_all(room.join("images")).unwrap();
    let rest = folder.path().join("rest");
    let complaint = refuse(3, &["backup", text(&rest), "--data", text(&room)]);
    assert!(complaint.contains("4 of 4 images that the database names are not there (hint: "));
    succeed(&["audit", "verify", "--data", text(&rest)]);
}
