//! Small tables and texts.

use rating::network::NetworkId;
use rating::scores::{Method, PairScore, Probability, decide, probabilities_csv, scores_csv};
use rating::{Origin, Protocol};

use super::Seeds;

fn named(texts: &[(&str, &str)]) -> Seeds {
    texts.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
}

/// Manifests with every column, quotes, gaps, and one that is wrong.
pub(super) fn manifests() -> Seeds {
    let header = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
        grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
        doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,\
        synovial_hypertrophy,vascularity,sex,age,operator,visit,fold,x_note\n";
    let full = "a,p1,train,clinical,MCP 2,left,H,D,a.png,b.png,1,2,30,40,5,6,70,80,cdus,2,1,f,\
        61.5,o,1,1,\"x, \"\"y\"\"\"\n";
    let gaps = "b,,external,phantom,,,,,a.png,b.png,0,0,1,1,0,0,1,1,,,,,,,,,\n";
    let wrong =
        "c,p2,train,canned,PIP1,up,H,D,a.png,b.png,9,2,3,40,5,6,70,80,pdus,7,1,f,-1,o,1,0,\n";
    named(&[
        ("full", &format!("{header}{full}")),
        ("two", &format!("\u{feff}{header}{full}{gaps}")),
        ("wrong", &format!("{header}{full}{wrong}")),
    ])
}

/// The built-in protocol and one with everything else a protocol may say.
pub(super) fn protocols() -> Seeds {
    let other = r#"
        name = "t"
        title = "T"
        units = ["left", "right"]
        valid = [[0, 0], [1, 0], [1, 2]]
        [[modalities]]
        name = "m"
        [[measurements]]
        name = "a"
        short = "a"
        grades = 2
        modalities = ["m"]
        [[measurements]]
        name = "b"
        short = "bb"
        grades = 3
        modalities = ["m"]
        sentences = ["none", "some", "much"]
    "#;
    named(&[("eoss", &Protocol::eoss().to_toml()), ("other", other)])
}

/// Scores and probabilities of one pair.
pub(super) fn scores() -> Seeds {
    let eoss = Protocol::eoss();
    let mut answers = Vec::new();
    for measurement in eoss.measurements() {
        for above in 0..measurement.tasks() {
            let network =
                NetworkId { measurement: measurement.short.clone(), above, fold: 1, seed: 1 };
            answers.push(Probability { network, probability: 0.75, threshold: 0.5 });
        }
    }
    let decision = decide(&eoss, &answers, Method::Multitude).expect("all networks answer");
    let score = PairScore {
        pair_id: "a, b".to_owned(),
        decision,
        coloured_share: Some(0.125),
        networks_used: 6,
        origin: Origin::Phantom,
        bundle: "abc".to_owned(),
    };
    let by_parts = "pair_id,measurement,task,fold,seed,probability,threshold\n\
        a,synovial_hypertrophy,gt2,3,1,0.5,0.5\na,vascularity,0,1,2,1e-3,0.25\n";
    named(&[
        ("scores", &scores_csv(&eoss, &[score])),
        ("probabilities", &probabilities_csv([("a", answers.as_slice())])),
        ("by_parts", by_parts),
    ])
}

/// One dataset file, and two parted by a NUL.
pub(super) fn authors() -> Seeds {
    let entry = |name: &str| {
        format!(
            r#"{{"GS_path": "{name}.png", "GS_roi_anno": [1, 2.5, 30, 40], "DOPPLER_path":
            "{name}d.png", "DOPPLER_roi_anno": [1, 2, 30, 4e1], "SH_label": 1,
            "vascularity_label": 0}}"#
        )
    };
    let (a, b) = (entry("a"), entry("b"));
    named(&[("one", &format!("[{a}, {b}]")), ("two", &format!("[{a}]\0[{a}, {b}]"))])
}
