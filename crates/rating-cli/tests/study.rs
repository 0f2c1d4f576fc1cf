//! `rating study`: from a protocol to a report, as a coordinator goes.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rating_web::studies;
use support::room::{self, database};
use support::{refuse, succeed, text};

const PROTOCOL: &str = r#"name = "small"
title = "A small study"
seed = 4

[cases]
cohort = "train"

[design]
kind = "crossover"
washout_days = 28
repeats = 0.25

[[arms]]
name = "unaided"
shows = "nothing"

[[arms]]
name = "assisted"
shows = "grades-and-heatmap"
own_grades_first = true

[[readers]]
name = "R1"
years = 2

[[readers]]
name = "R2"
years = 9

[altered]
share = 0.25
rule = "one-up"
ethics_approval = "committee X, 12/2026"

[analysis]
measurement = "synovial_hypertrophy"
figure = "kappa_linear"
samples = 200
"#;

/// Writes the protocol with one thing changed.
fn protocol(folder: &Path, name: &str, from: &str, to: &str) -> PathBuf {
    assert!(PROTOCOL.contains(from), "{from}");
    let path = folder.join(name);
    fs::write(&path, PROTOCOL.replacen(from, to, 1)).unwrap();
    path
}

#[test]
fn a_protocol_is_begun_checked_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    for like in ["paper", "crossover"] {
        let path = folder.path().join(format!("{like}.toml"));
        succeed(&["study", "new", text(&path), "--like", like]);
        let said = succeed(&["study", "check", text(&path)]);
        assert!(said.contains(" readers, 2 sessions each"), "{said}");
        assert_eq!(said.contains("may be practice"), like == "paper", "{said}");
        assert!(refuse(3, &["study", "new", text(&path)]).contains("there already"));
    }

    let manifest = support::phantoms(folder.path());
    let small = protocol(folder.path(), "small.toml", "", "");
    let check = ["study", "check", text(&small), "--manifest", text(&manifest)];
    let said = succeed(&check);
    // Two readers, two sessions, 24 cases and 6 of them again.
    assert!(said.contains("24 cases of 6 patients"), "{said}");
    assert!(said.contains("note: no smallest difference that matters is named"), "{said}");
    assert!(said.contains("120 readings in all"), "{said}");
    assert!(said.contains("Fewer than five readers"), "{said}");
    assert!(!said.contains("is less than one of"), "{said}");
    let rare = std::fs::read_to_string(&small).unwrap().replace("repeats = 0.25", "repeats = 0.04");
    std::fs::write(&small, rare).unwrap();
    let told = succeed(&check);
    let warning =
        "warning: no case comes twice: design.repeats = 0.04 is less than one of 24 cases";
    assert!(told.contains(warning), "{told}");
    let small = protocol(folder.path(), "small.toml", "", "");
    let show = ["study", "show", text(&small), "--cases", "24"];
    let shown = succeed(&show);
    assert_eq!(shown, succeed(&show));
    assert_eq!(shown.lines().count(), 1 + 120);
    let of =
        |begin: &str| -> Vec<&str> { shown.lines().filter(|l| l.starts_with(begin)).collect() };
    // A crossover: one begins alone, the other with answers; none alone is altered.
    let arms: BTreeSet<&str> = of("R1,1,")
        .into_iter()
        .chain(of("R2,1,"))
        .map(|line| line.split(',').nth(2).unwrap())
        .collect();
    assert_eq!(arms.len(), 2);
    assert!(shown.lines().any(|line| line.ends_with(",up")));
    assert!(shown.lines().all(|line| !line.contains("unaided") || line.ends_with(',')));
}

#[test]
fn what_is_wrong_with_a_protocol_is_told_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = support::phantoms(folder.path());
    for (at, (from, to, told)) in [
        ("seed = 4", "sed = 4", "row 3"),
        ("\"crossover\"", "\"sideways\"", "row 9"),
        ("ethics_approval = \"committee X, 12/2026\"\n", "", "ethics_approval"),
        ("\"R2\"", "\"R1\"", "\"R1\" twice"),
        ("\"R2\"", "\"r1\"", "differ in capitals only"),
        ("\"R2\"", "\"truth\"", "iMRMC cannot read the name \"truth\""),
        ("name = \"unaided\"", "name = \"-1\"", "iMRMC cannot read the name \"-1\""),
        ("years = 2", "years = -4", "R1: -4 years of experience; 0 to 80"),
        ("years = 2", "group = 3", "R1: group 3; groups go from 1 to 2"),
        ("[analysis]", "[analysis]\narm = \"unaided\"", "are the same arm"),
        (
            "[[arms]]\nname = \"unaided\"\nshows = \"nothing\"\n",
            "",
            "a study needs two arms to compare",
        ),
        ("share = 0.25\nrule", "share = 1.5\nrule", "altered.share"),
        (
            "measurement = \"synovial_hypertrophy\"",
            "measurement = \"effusion\"",
            "analysis.measurement",
        ),
        ("kappa_linear", "youden_gt3", "analysis.figure"),
        ("kappa_linear", "kapa", "kapa"),
        ("cohort = \"train\"", "cohort = \"nowhere\"", "nowhere"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = protocol(folder.path(), &format!("{at}.toml"), from, to);
        let complaint = refuse(3, &["study", "check", text(&path), "--manifest", text(&manifest)]);
        assert!(complaint.contains(told), "{complaint}");
    }
    let absent = folder.path().join("absent.toml");
    assert!(refuse(3, &["study", "check", text(&absent)]).contains("does not exist"));
    refuse(2, &["study", "show", text(&absent), "--cases", "0"]);
}

#[test]
fn a_rehearsed_study_ends_in_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let small = protocol(folder.path(), "small.toml", "\"train\"", "\"prospective\"");
    let out = folder.path().join("rehearsal");
    let simulate = ["study", "simulate", text(&small), "--pairs", "12", "--patients", "3"];
    let said = succeed(&[&simulate[..], &["--out", text(&out)]].concat());
    assert!(said.contains("research use only") && said.contains("that was put in"), "{said}");
    let report = |name: &str| fs::read_to_string(out.join("report").join(name)).expect(name);
    let page = report("study.html");
    assert!(page.contains("Research use only") && page.contains("The readers are simulated"));
    // Two readers, two sessions, 12 cases and 3 of them again.
    let answers = report("answers.csv");
    assert_eq!(answers.lines().count(), 1 + 60);
    let columns: Vec<&str> = answers.lines().next().unwrap().split(',').collect();
    let codebook = report("codebook.csv");
    for column in &columns {
        assert!(codebook.contains(column), "{column} is not in the codebook");
    }
    let json: serde_json::Value = serde_json::from_str(&report("study.json")).unwrap();
    assert_eq!(
        (&json["schema"], &json["research_use_only"]),
        (&"rating.study/1".into(), &true.into())
    );
    // The same by hand, from the room: page, tables and seal are the same.
    let again = folder.path().join("again");
    let room = out.join("room");
    let truth = out.join("phantoms/manifest.csv");
    let by_hand = ["study", "report", "small", "--data", text(&room), "--truth", text(&truth)];
    succeed(&[&by_hand[..], &["--out", text(&again)]].concat());
    for name in ["answers.csv", "imrmc_combined_gt1.imrmc"] {
        assert_eq!(report(name), fs::read_to_string(again.join(name)).unwrap(), "{name}");
    }
    // But for the rehearsal's own warning.
    let of_hand = fs::read_to_string(again.join("study.json")).unwrap();
    let of_hand: serde_json::Value = serde_json::from_str(&of_hand).unwrap();
    let without_warnings = |json: &serde_json::Value| {
        let mut json = json.clone();
        json.as_object_mut().unwrap().remove("warnings").unwrap();
        json
    };
    assert_eq!(without_warnings(&of_hand), without_warnings(&json));
    // Everybody read everything, after four weeks; each reader's cases stand beside the gain.
    assert_eq!(json["extent"].as_array().unwrap().len(), 4);
    for session in json["extent"].as_array().unwrap() {
        assert_eq!((&session["planned"], &session["read"]), (&15.into(), &15.into()));
    }
    let waits = json["washouts"].as_array().unwrap();
    assert_eq!(waits.len(), 2);
    assert!(waits.iter().all(|wait| wait["days"].as_f64().unwrap() >= 28.0), "{waits:?}");
    assert!(!page.contains("incomplete") && !page.contains("waited "));
    let planned = page.split("id=\"planned\"").nth(1).unwrap().split("<section").next().unwrap();
    assert!(planned.contains("<th scope=\"col\">cases</th>"), "{planned}");
    assert!(planned.contains("Session and order cannot be told apart from the arms"), "{planned}");
    // The banner says the sentence, on top and below; captions carry the word.
    assert!(page.matches("Canned answers: no network").count() == 2);
    let first = answers.lines().nth(1).unwrap().split(',').collect::<Vec<_>>();
    let cell = |name: &str| first[columns.iter().position(|column| *column == name).unwrap()];
    assert_eq!((cell("session"), cell("is_over_time")), ("1", ""));
    assert!(cell("submitted_utc").starts_with("2026-01-"), "{first:?}");
    assert!(codebook.contains("blurred, grayscale blurred | "), "{codebook}");
    succeed(&["audit", "verify", "--data", text(&room)]);

    // Rehearsed twice in one folder, no such study, reference grades that lack cases.
    let twice = refuse(3, &[&simulate[..], &["--out", text(&out)]].concat());
    assert!(twice.contains("rehearsed here already"), "{twice}");
    // Broken off before its report was written.
    let report_away = out.join("report-away");
    fs::rename(out.join("report"), &report_away).unwrap();
    let broken_off = refuse(3, &[&simulate[..], &["--out", text(&out)]].concat());
    assert!(broken_off.contains("begun here and not finished (hint: delete"), "{broken_off}");
    fs::rename(&report_away, out.join("report")).unwrap();
    let other = ["study", "report", "big", "--data", text(&room), "--truth", text(&truth)];
    let other = refuse(3, &[&other[..], &["--out", text(&again)]].concat());
    assert!(other.contains("there are: small"), "{other}");
    let part = folder.path().join("part.csv");
    let whole = fs::read_to_string(&truth).unwrap();
    fs::write(&part, whole.lines().take(4).map(|line| format!("{line}\n")).collect::<String>())
        .unwrap();
    let lacking = ["study", "report", "small", "--data", text(&room), "--truth", text(&part)];
    let lacking =
        refuse(3, &[&lacking[..], &["--out", text(&folder.path().join("part"))]].concat());
    assert!(lacking.contains("is not in the manifest"), "{lacking}");
    assert!(!folder.path().join("part").exists());

    // Reference grades that are blank are told, those that exclude one another refused.
    let grades =
        whole.lines().next().unwrap().split(',').position(|name| name == "synovial_hypertrophy");
    let with_grades = |sh: &str, vascularity: &str, rows: usize| -> PathBuf {
        let at = grades.expect("a column of grades");
        let lines = whole.lines().enumerate().map(|(number, line)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if (1..=rows).contains(&number) {
                (cells[at], cells[at + 1]) = (sh, vascularity);
            }
            cells.join(",") + "\n"
        });
        let path = out.join("phantoms").join(format!("changed-{sh}-{vascularity}-{rows}.csv"));
        fs::write(&path, lines.collect::<String>()).unwrap();
        path
    };
    let with_truth = |path: &Path, out: &str| {
        let report = ["study", "report", "small", "--data", text(&room), "--truth", text(path)];
        let report: Vec<String> = report.map(str::to_owned).to_vec();
        [report, vec!["--out".to_owned(), text(&folder.path().join(out)).to_owned()]].concat()
    };
    fn words(all: &[String]) -> Vec<&str> {
        all.iter().map(String::as_str).collect()
    }
    let blank = with_truth(&with_grades("", "", 2), "blank");
    succeed(&words(&blank));
    let page = fs::read_to_string(folder.path().join("blank/study.html")).unwrap();
    let told = "2 of 12 cases have no reference grade of synovial hypertrophy";
    assert!(page.contains(told));
    let none = refuse(3, &words(&with_truth(&with_grades("", "", 99), "none")));
    assert!(none.contains("no case of the study has a reference grade"), "{none}");
    let impossible = refuse(3, &words(&with_truth(&with_grades("0", "2", 1), "impossible")));
    assert!(
        impossible.contains("row 2") && impossible.contains("exclude one another"),
        "{impossible}"
    );
    // A folder with the report of other readings is left alone.
    let study = fs::read_to_string(again.join("study.json")).unwrap();
    let seal = json["seal"].as_str().unwrap();
    fs::write(again.join("study.json"), study.replace(seal, "another")).unwrap();
    let kept = refuse(3, &words(&with_truth(&truth, "again")));
    assert!(kept.contains("the report of another study"), "{kept}");

    // A grade that is changed by hand breaks the seal.
    let db = rusqlite::Connection::open(room.join("room.sqlite")).unwrap();
    db.execute_batch(
        "DROP TRIGGER study_answers_stay;
         UPDATE study_answers SET grades = CASE grades WHEN '[0,0]' THEN '[1,0]' ELSE '[0,0]' END
         WHERE item = (SELECT min(item) FROM study_answers)",
    )
    .unwrap();
    let forged = folder.path().join("forged");
    let complaint = refuse(4, &[&by_hand[..], &["--out", text(&forged)]].concat());
    assert!(complaint.contains("and it was closed with"), "{complaint}");
    assert!(!forged.exists());
    // With a seal to match, the journal still tells what was submitted.
    let seal = complaint.split_once("give seal ").unwrap().1.split(',').next().unwrap();
    db.execute("UPDATE studies SET seal = ?1", [seal]).unwrap();
    let complaint = refuse(4, &[&by_hand[..], &["--out", text(&forged)]].concat());
    assert!(complaint.contains("the journal tells another seal"), "{complaint}");
    assert!(!forged.exists());
}

#[test]
fn many_studies_are_simulated_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let small = protocol(folder.path(), "small.toml", "\"train\"", "\"prospective\"");
    let simulate = |name: &str| {
        let out = folder.path().join(name);
        let simulate = ["study", "simulate", text(&small), "--pairs", "12", "--patients", "3"];
        let more = ["--studies", "6", "--trust", "0", "--bias", "-0.5", "--out", text(&out)];
        let said = succeed(&[&simulate[..], &more].concat());
        assert!(said.contains("6 simulated studies of 2 readers and 12 cases"), "{said}");
        fs::read_to_string(out.join("studies.csv")).unwrap()
    };
    let first = simulate("one");
    assert_eq!(first.lines().count(), 1 + 6);
    assert_eq!(first, simulate("two"));
    let out = folder.path().join("never");
    let begin = ["study", "simulate", text(&small), "--out", text(&out)];
    for (flag, value, told) in [
        ("--trust", "2", "error: --trust: 2 is outside 0-1"),
        ("--skill", "-0.5", "error: --skill: -0.5 is outside 0-1"),
        ("--spread", "-1", "error: --spread: -1 is no standard deviation"),
        ("--bias", "inf", "error: --bias: inf is not a finite number"),
    ] {
        let complaint = refuse(3, &[&begin[..], &[flag, value]].concat());
        assert!(complaint.contains(told), "{complaint}");
    }
    refuse(2, &[&begin[..], &["--studies", "0"]].concat());
    assert!(!out.exists());
}

#[test]
fn a_parallel_study_is_rehearsed_and_simulated() {
    let folder = tempfile::tempdir().unwrap();
    let text_of = PROTOCOL
        .replacen("\"train\"", "\"prospective\"", 1)
        .replacen("\"crossover\"", "\"parallel\"\nseconds_a_case = 20", 1)
        .replacen("years = 9\n", "\n[[readers]]\nname = \"R3\"\n\n[[readers]]\nname = \"R4\"\n", 1)
        .replacen("kappa_linear", "accuracy", 1);
    let parallel = folder.path().join("parallel.toml");
    fs::write(&parallel, text_of).unwrap();
    // A pair's name with a comma, which iMRMC cannot read.
    let out = folder.path().join("rehearsal");
    let drawn = out.join("phantoms");
    let draw = ["phantom", text(&drawn), "--seed", "1", "--cohort", "prospective"];
    succeed(&[&draw[..], &["--patients", "3", "--pairs", "12"]].concat());
    let manifest = fs::read_to_string(drawn.join("manifest.csv")).unwrap();
    let row = manifest.lines().nth(1).unwrap();
    assert!(manifest.starts_with("pair_id,"), "{manifest}");
    let (name, rest) = row.split_once(',').unwrap();
    let renamed = manifest.replacen(row, &format!("\"{name}, left\",{rest}"), 1);
    fs::write(drawn.join("manifest.csv"), renamed).unwrap();

    let simulate = ["study", "simulate", text(&parallel)];
    let said = succeed(&[&simulate[..], &["--out", text(&out)]].concat());
    assert!(said.contains("that was put in"), "{said}");
    let report = |name: &str| fs::read_to_string(out.join("report").join(name)).expect(name);
    let page = report("study.html");
    assert!(page.contains("No reader reads two arms here"));
    assert!(page.contains("difference of the means of 2 and 2 readers"));
    assert!(!page.contains("mean over 0 readers") && !page.contains("fewer than two readers"));
    assert!(page.contains("seconds that the protocol gives a case"));
    let key = report("imrmc_cases.csv");
    assert!(key.starts_with("kind,name,written_as\n"), "{key}");
    assert!(key.contains(&format!("\"{name}, left\",case-")), "{key}");
    let written = report("imrmc_synovial_hypertrophy_gt0.imrmc");
    assert!(written.contains("\ntruth,case-") && !written.contains(name), "{written}");
    let json: serde_json::Value = serde_json::from_str(&report("study.json")).unwrap();
    let comparison = &json["analysis"]["questions"][0]["comparisons"][0];
    assert_eq!(comparison["groups"], serde_json::json!([2, 2]));
    assert_eq!(
        comparison["welch"]["accuracy"]["interval"],
        comparison["mean"]["accuracy"]["interval"]
    );

    let many = folder.path().join("many");
    let more = ["--pairs", "12", "--patients", "3", "--studies", "8", "--trust", "0"];
    let said = succeed(&[&simulate[..], &more, &["--out", text(&many)]].concat());
    assert!(said.contains("Welch's t, readers as the unit"), "{said}");
    let rows = fs::read_to_string(many.join("studies.csv")).unwrap();
    assert_eq!(rows.lines().count(), 1 + 8);
}

#[test]
fn a_study_is_opened_with_accounts_and_reported_when_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = support::phantoms(folder.path());
    let small = protocol(folder.path(), "small.toml", "", "");
    let data = folder.path().join("room");
    let open = ["study", "open", text(&small), "--data", text(&data)];
    let open = [&open[..], &["--manifest", text(&manifest), "--canned"]].concat();
    let nowhere = refuse(3, &open);
    assert!(nowhere.contains("there is no reading room here (hint: "), "{nowhere}");
    assert!(!data.exists());
    drop(room::open_now(&data));
    let nobody = refuse(3, &open);
    assert!(nobody.contains("There is no account R1"), "{nobody}");
    let room = room::open_now(&data);
    room::people(&room, rating_web::people::Role::Reader, 2);
    drop(room);
    // Readers are looked at before a pair comes in or an answer is computed.
    let alone = refuse(3, &[&open[..], &["--readers", "reader-1"]].concat());
    assert!(alone.contains("names 2 readers: give an account for each (1 given)"), "{alone}");
    let pairs = || database(&data).query_row("SELECT count(*) FROM pairs", [], |row| row.get(0));
    assert_eq!(pairs(), Ok(0_i64));
    let with_readers = [&open[..], &["--readers", "reader-1,reader-2"]].concat();
    let said = succeed(&with_readers);
    assert!(said.contains("24 cases, 2 readers"), "{said}");
    let embargoed = "SELECT count(*) FROM pairs WHERE embargo IS NOT NULL";
    let count: i64 = database(&data).query_row(embargoed, [], |row| row.get(0)).unwrap();
    assert_eq!(count, 24);
    let twice = refuse(3, &with_readers);
    assert!(twice.contains("called small already"), "{twice}");

    let out = folder.path().join("report");
    let report = ["study", "report", "small", "--data", text(&data), "--truth", text(&manifest)];
    let report = [&report[..], &["--out", text(&out)]].concat();
    let early = refuse(3, &report);
    assert!(early.contains("still open: its results are withheld"), "{early}");
    assert!(!out.exists());
    let room = room::open_now(&data);
    room::write(&room, |change, _| {
        studies::withdraw_reader(change, "small", 1, "moved away")?;
        let sql = "SELECT name FROM study_cases JOIN pairs ON pairs.id = pair LIMIT 1";
        let name: String = change.query_row(sql, [], |row| row.get(0))?;
        studies::withdraw_case(change, "small", &name, "wrong joint")?;
        studies::allow_early(change, "small", (0, 1), "on leave later")?;
        studies::close(change, "small").map(drop)
    });
    drop(room);
    // A case may have been withdrawn for its reference grades: they stop no report.
    let gone = "SELECT name FROM study_cases JOIN pairs ON pairs.id = pair WHERE withdrawn > 0";
    let gone: String = database(&data).query_row(gone, [], |row| row.get(0)).unwrap();
    let whole = fs::read_to_string(&manifest).unwrap();
    let header: Vec<&str> = whole.lines().next().unwrap().split(',').collect();
    let at = header.iter().position(|name| *name == "synovial_hypertrophy").unwrap();
    let spoiled = whole.lines().map(|line| {
        let mut cells: Vec<&str> = line.split(',').collect();
        if cells.contains(&gone.as_str()) {
            (cells[at], cells[at + 1]) = ("0", "2");
        }
        cells.join(",") + "\n"
    });
    let spoiled_path = folder.path().join("spoiled.csv");
    fs::write(&spoiled_path, spoiled.collect::<String>()).unwrap();
    assert_ne!(fs::read_to_string(&spoiled_path).unwrap(), whole);
    let of_spoiled = ["study", "report", "small", "--data", text(&data), "--truth"];
    let spoiled_out = folder.path().join("spoiled");
    succeed(&[&of_spoiled[..], &[text(&spoiled_path), "--out", text(&spoiled_out)]].concat());
    // Closed before anybody read: figures are not defined, and nothing breaks.
    let said = succeed(&report);
    assert!(said.contains("not defined"), "{said}");
    let page = fs::read_to_string(out.join("study.html")).unwrap();
    assert!(page.contains("Research use only"));
    let hash = blake3::hash(&fs::read(&manifest).unwrap()).to_hex().to_string();
    // R1 was to read 23 cases and what comes of 6 repeats, twice.
    assert!(page.contains("The study is incomplete: "), "{page}");
    let json = fs::read_to_string(out.join("study.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let run = &json["run"];
    assert_eq!(run["withdrawn_readers"][0]["reader"], "R2");
    assert_eq!(run["withdrawn_cases"][0]["case"], gone.as_str());
    assert_eq!(
        (&run["allowed_early"][0]["session"], &run["allowed_early"][0]["why"]),
        (&2.into(), &"on leave later".into())
    );
    assert!(run["opened"].is_string() && run["closed"].is_string());
    assert_eq!(json["truth_blake3"], hash.as_str());
    let warned = json["warnings"].as_array().unwrap();
    assert!(warned[0].as_str().unwrap().contains("R1 read 0 of "), "{warned:?}");
    assert!(warned.iter().any(|told| told.as_str().unwrap().contains("Fewer than five readers")));
    for session in json["extent"].as_array().unwrap() {
        let count = |name: &str| session[name].as_u64().unwrap();
        assert_eq!(count("planned"), 30);
        assert_eq!(count("withdrawn") + count("read") + count("missing"), 30, "{session}");
        assert_eq!(count("missing") == 0, session["reader"] == "R2", "{session}");
    }
    for told in [
        "R2 was withdrawn (moved away); nothing of theirs counts here.",
        "was withdrawn (wrong joint); nothing of it counts here.",
        "R1, session 2, begun never: on leave later",
        "committee X, 12/2026",
        "Opened",
        "Closed",
        "Bundle",
        &hash,
    ] {
        assert!(page.contains(told), "{told}");
    }
}
