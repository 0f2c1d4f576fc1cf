//! Scoring elsewhere than on the processor, as a person asks for it.

mod support;

use support::refuse;

fn asked(more: &[&str], code: i32) -> String {
    let mut arguments = vec!["score", "--bundle", "none", "--manifest", "none.csv"];
    arguments.extend(more);
    refuse(code, &arguments)
}

#[test]
fn an_unknown_device_is_answered_with_the_known_ones() {
    let complaint = asked(&["--device", "abacus"], 3);
    assert!(complaint.contains("no device \"abacus\""), "{complaint}");
    assert!(complaint.contains("cpu"), "{complaint}");
}

#[test]
fn lazy_scoring_is_the_processors() {
    let complaint = asked(&["--device", "vulkan", "--lazy"], 2);
    assert!(complaint.contains("leave --device vulkan out"), "{complaint}");
}

#[test]
fn the_processor_is_always_there() {
    let complaint = asked(&["--device", "cpu"], 3);
    assert!(complaint.contains("none: the folder does not exist"), "{complaint}");
}
