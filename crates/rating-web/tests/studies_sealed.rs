//! A closed study is what was opened, read and closed, or it says what is not.

mod support;

use rating_web::people::Role;
use rating_web::store::Actor;
use rating_web::studies::{self, NewCase, Opening};
use support::study::{PROTOCOL, Study, frozen};

/// A closed study with everything that can deviate.
async fn closed() -> Study {
    let study = Study::open(PROTOCOL, 3).await;
    for (what, fields) in [
        ("withdraw-case", [("case", "case-2"), ("why", "consent withdrawn")]),
        ("allow-early", [("number", "1.2"), ("why", "leaves the hospital")]),
        ("withdraw-reader", [("number", "2"), ("why", "ill")]),
    ] {
        let done = study.manage(what, &fields).await;
        assert!(done.status.is_redirection(), "{what}: {}", done.text());
    }
    study.read(0, [3, 2]).await;
    study.read(0, [1, 1]).await;
    let closed = study.manage("close", &[("name", "walk")]).await;
    assert!(closed.status.is_redirection(), "{}", closed.text());
    study
}

fn disagreement(study: &Study) -> Option<String> {
    let asked = study.room.room.store.read_now(|db| {
        let walk = studies::by_name(db, "walk")?;
        studies::disagreement(db, &walk)
    });
    asked.unwrap()
}

#[tokio::test]
async fn whatever_is_changed_after_the_opening_is_told() {
    let study = closed().await;
    assert_eq!(disagreement(&study), None);
    let path = study.room.room.store.read_now(|db| Ok(db.path().unwrap().to_owned())).unwrap();
    let opened = "another protocol, other cases, readers, orders or answers";
    let deviated = "other withdrawals or washouts";
    for (sql, told) in [
        ("UPDATE studies SET protocol = replace(protocol, 'seed = 5', 'seed = 6')", opened),
        ("UPDATE studies SET hash = replace(hash, substr(hash, 1, 1), 'z')", opened),
        ("UPDATE studies SET bundle = 'another'", opened),
        ("UPDATE pairs SET name = 'case-' || (1 - id % 2) || '!' WHERE id < 3", opened),
        ("UPDATE study_cases SET answer = replace(answer, '2', '3')", opened),
        ("UPDATE study_maps SET png = x'00'", opened),
        ("UPDATE study_items SET altered = 'up'", opened),
        ("UPDATE study_readers SET person = 1 - person WHERE number = 0", opened),
        ("UPDATE study_cases SET why = 'blurred' WHERE why IS NOT NULL", deviated),
        ("UPDATE study_readers SET withdrawn = NULL, why = NULL", deviated),
        ("UPDATE study_sessions SET early = NULL", deviated),
        ("UPDATE studies SET seal = 'another'", "and it was closed with another"),
        ("UPDATE study_answers SET submitted = submitted + 1", "and it was closed with"),
        ("UPDATE events SET after = '{}' WHERE kind = 'study.closed'", "of the journal"),
    ] {
        let forger = rusqlite::Connection::open(&path).unwrap();
        let triggers: Vec<String> = forger
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        forger.execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE").unwrap();
        for trigger in triggers {
            forger.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
        }
        assert!(forger.execute(sql, []).unwrap() > 0, "{sql}");
        // What another connection is told once it is written.
        let walk = studies::by_name(&forger, "walk").unwrap();
        let found = studies::disagreement(&forger, &walk).unwrap();
        assert!(found.as_ref().is_some_and(|what| what.contains(told)), "{sql}: {found:?}");
        forger.execute_batch("ROLLBACK").unwrap();
    }
    assert_eq!(disagreement(&study), None);
}

#[tokio::test]
async fn whoever_has_read_a_case_in_a_study_does_not_read_it_in_another() {
    let study = closed().await;
    let cora = study.room.browser("cora", Role::Reader).await;
    let open = |readers: [i64; 2]| {
        let mut protocol = rating::study::StudyProtocol::from_toml(PROTOCOL).unwrap();
        protocol.name = format!("again-{}", readers[0]);
        let answer = Some(frozen());
        let pair = study.room.room.store.read_now(|db| rating_web::pairs::id_of(db, "case-0"));
        let cases = vec![NewCase { pair: pair.unwrap(), answer }];
        let opening = Opening { protocol, cases, readers: readers.to_vec(), bundle: None };
        study
            .room
            .room
            .store
            .write_now(Actor::Server, move |change| studies::open(change, &opening))
    };
    let [anna, ben] = [study.readers[0].id, study.readers[1].id];
    let refused = open([anna, cora.id]).unwrap_err();
    assert!(refused.what.starts_with("Anna has read 1 of the cases"), "{refused}");
    // Ben was withdrawn before he had begun a case.
    open([ben, cora.id]).unwrap();
}
