//! Pairs come in whole, without names, or not at all.

mod support;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use image::{Rgb, RgbImage};
use rating::{Protocol, Roi};
use rating_web::import::{self, Region, Report};
use rating_web::pairs;
use rating_web::people::Role;
use rating_web::store::Actor;
use support::TestRoom;

const HEADER: &str = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
    grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
    doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,synovial_hypertrophy,vascularity";

/// A screen of 60 x 40 pixels: white, as names are, around a picture.
fn screen(shade: u8, red: u8) -> RgbImage {
    RgbImage::from_fn(60, 40, |x, y| {
        let inside = (10..50).contains(&x) && (8..36).contains(&y);
        if inside { Rgb([shade.max(red), shade, shade]) } else { Rgb([255; 3]) }
    })
}

/// A manifest of these rows; the images of a pair are named after it.
fn manifest(folder: &Path, names: &[&str]) -> std::path::PathBuf {
    let mut text = HEADER.to_owned();
    for (number, name) in names.iter().enumerate() {
        let shade = 10 + number as u8;
        screen(shade, 0).save(folder.join(format!("{name}-g.png"))).unwrap();
        screen(shade, 200).save(folder.join(format!("{name}-d.png"))).unwrap();
        text += &format!(
            "\n{name},SECRET-PATIENT,test,phantom,MCP2,left,SECRET-SITE,scanner,{name}-g.png,{name}-d.png,\
             15,10,45,30,15,10,45,30,cdus,2,1"
        );
    }
    let path = folder.join("manifest.csv");
    fs::write(&path, text + "\n").unwrap();
    path
}

fn bring_in(room: &TestRoom, path: &Path, readers: &[&str]) -> Report {
    let readers: Vec<String> = readers.iter().map(|&name| name.to_owned()).collect();
    let go_on = |_, _| ControlFlow::Continue(());
    import::manifest(&room.room, path, None, &readers, go_on).unwrap()
}

fn set_region(room: &TestRoom, device: &str, kept: [i64; 4]) {
    let kept = Roi::new(kept).unwrap();
    let region = Region { device: device.to_owned(), width: 60, height: 40, kept };
    let set = move |change: &mut rating_web::store::Change<'_>| import::set_region(change, &region);
    room.room.store.write_now(Actor::Server, set).unwrap();
}

#[tokio::test]
async fn readers_are_named_once_and_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    room.browser("anna", Role::Reader).await;
    room.browser("carl", Role::Coordinator).await;
    let named = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        room.room.store.read_now(|db| import::readers(db, &names))
    };
    assert_eq!(named(&[" anna"]).unwrap().len(), 1);
    for (names, sentence) in [
        (&["anna", "anna"][..], "anna is named twice among the readers: name each once."),
        (&["anna", "Anna"], "anna is named twice among the readers: name each once."),
        (&["bo", "bo"], "There is no account bo: make it on the page People, or name another."),
        (&["anna", ""], "A name among the readers is empty: write them with commas between."),
        (&["carl"], "carl does not read: the role does not include it."),
    ] {
        assert_eq!(named(names).unwrap_err().what, sentence);
    }
}

#[tokio::test]
async fn a_manifest_comes_in_once_and_is_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    room.browser("anna", Role::Reader).await;
    let path = manifest(files.path(), &["a", "b", "c"]);
    let first = bring_in(&room, &path, &["anna"]);
    assert_eq!((first.new.len(), first.known.len(), first.refused.len()), (3, 0, 0));
    assert_eq!(first.handed, [("anna".to_owned(), 3)]);
    assert!(first.warnings.is_empty(), "no name stands in a drawn image: {:?}", first.warnings);
    let second = bring_in(&room, &path, &["anna"]);
    assert_eq!((second.new.len(), second.known), (0, first.new));
    assert_eq!(second.handed, [("anna".to_owned(), 0)]);
}

#[tokio::test]
async fn images_of_patients_that_are_shown_whole_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let path = manifest(files.path(), &["a"]);
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("phantom", "clinical")).unwrap();
    let report = bring_in(&room, &path, &[]);
    assert!(report.warnings[0].what.contains("images of device scanner are shown whole"));
    // Where a region is kept, there is nothing to tell.
    let other = tempfile::tempdir().unwrap();
    let room = TestRoom::open(other.path());
    set_region(&room, "scanner", [10, 8, 50, 36]);
    assert!(bring_in(&room, &path, &[]).warnings.is_empty());
}

#[tokio::test]
async fn rows_that_cannot_be_used_are_named_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let path = manifest(files.path(), &["a", "b", "c", "d", "e"]);
    fs::write(files.path().join("b-d.png"), "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
    fs::copy(files.path().join("a-g.png"), files.path().join("c-g.png")).unwrap();
    fs::remove_file(files.path().join("d-g.png")).unwrap();
    fs::copy(files.path().join("e-g.png"), files.path().join("e-d.png")).unwrap();
    let report = bring_in(&room, &path, &[]);
    assert_eq!(report.new.len(), 1);
    let refused: Vec<String> = report.refused.iter().map(ToString::to_string).collect();
    assert_eq!(refused.len(), 4, "{refused:?}");
    for (row, why) in
        [(3, "no PNG, JPEG or TIFF"), (4, "in pair a"), (5, "d-g.png"), (6, "same image")]
    {
        let found =
            refused.iter().any(|line| line.contains(&format!("row {row}")) && line.contains(why));
        assert!(found, "row {row} {why}: {refused:?}");
    }
    let pairs: i64 = room
        .room
        .store
        .read_now(|db| Ok(db.query_row("SELECT count(*) FROM views", [], |r| r.get(0))?))
        .unwrap();
    assert_eq!(pairs, 2);
    let text = fs::read_to_string(&path).unwrap().replace("phantom,MCP2", "phantom,KNEE");
    fs::write(&path, text).unwrap();
    let report = bring_in(&room, &path, &[]);
    assert!(report.new.is_empty() && report.known.is_empty());
    assert_eq!(report.refused.len(), 5);
}

#[tokio::test]
async fn readers_who_are_none_are_refused_before_anything_is_added() {
    let folder = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    room.browser("boss", Role::Coordinator).await;
    let path = manifest(files.path(), &["a"]);
    for name in ["nobody", "boss"] {
        let go_on = |_, _| ControlFlow::Continue(());
        let refused =
            import::manifest(&room.room, &path, None, &[name.to_owned()], go_on).unwrap_err();
        assert!(refused.what.contains(name), "{refused}");
    }
    assert_eq!(bring_in(&room, &path, &[]).new.len(), 1);
}

#[tokio::test]
async fn an_import_that_was_stopped_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    let path = manifest(files.path(), &["a"]);
    let stop = |_, _| ControlFlow::Break(());
    let stopped = import::manifest(&room.room, &path, None, &[], stop).unwrap();
    assert!(stopped.stopped && stopped.new.is_empty());
    assert_eq!(bring_in(&room, &path, &[]).new.len(), 1);
}

#[tokio::test]
async fn only_the_region_of_the_device_is_kept_and_rois_move_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let room = TestRoom::open(folder.path());
    set_region(&room, "scanner", [10, 8, 50, 36]);
    let report = bring_in(&room, &manifest(files.path(), &["a"]), &[]);
    assert!(report.warnings.is_empty());
    let protocol = Protocol::eoss();
    let pair = room.room.store.read_now(|db| pairs::one(db, &protocol, report.new[0])).unwrap();
    for view in &pair.views {
        assert_eq!((view.width, view.height), (40, 28));
        assert_eq!(view.roi, Some(Roi::new([5, 2, 35, 22]).unwrap()));
        let pixels = room.room.images.pixels(&view.image).unwrap();
        assert!(pixels.pixels().all(|pixel| pixel.0 != [255; 3]));
    }
    assert_eq!(pair.row.views[0].roi.sides(), [5, 2, 35, 22]);
    set_region(&room, "scanner", [12, 8, 50, 36]);
    let path = manifest(files.path(), &["b"]);
    // The same screen, cut otherwise, is the same joint.
    assert!(bring_in(&room, &path, &[]).refused[0].what.contains("in pair a"));
}
