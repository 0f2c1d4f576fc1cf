//! GLOESS: the global EULAR-OMERACT synovitis score of a patient, the sum of
//! the combined grades over the joints examined.
//!
//! Nothing is imputed. A sum says which joints it is over; a joint without
//! both grades is in neither sum and is named.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{Grade, Problem};

/// The combined grades of one joint of one patient at one visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joint<'a> {
    /// Whose joint it is.
    pub patient: &'a str,
    /// At which visit; each visit has a sum of its own.
    pub visit: Option<&'a str>,
    /// Which joint, side included.
    pub joint: &'a str,
    /// The reference's combined grade.
    pub reference: Option<Grade>,
    /// The predicted or reader's combined grade.
    pub predicted: Option<Grade>,
}

/// Two sums over the same joints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// By the reference's grades.
    pub reference: u32,
    /// By the predicted grades.
    pub predicted: u32,
}

impl Sums {
    /// Predicted minus reference.
    #[must_use]
    pub fn difference(self) -> i64 {
        i64::from(self.predicted) - i64::from(self.reference)
    }
}

/// A patient at a visit.
pub type Examination<'a> = (&'a str, Option<&'a str>);

/// One patient's sums.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Gloess<'a> {
    /// `None` where no joint has both grades.
    pub sums: Option<Sums>,
    /// The joints added up.
    pub joints: BTreeSet<&'a str>,
    /// Joints that lack one of the grades, or both.
    pub left_out: BTreeSet<&'a str>,
}

/// The sums of each patient and visit, by name.
///
/// # Errors
/// A joint that a patient has twice at a visit.
pub fn gloess<'a>(
    joints: impl IntoIterator<Item = Joint<'a>>,
) -> Result<BTreeMap<Examination<'a>, Gloess<'a>>, Problem> {
    let mut patients: BTreeMap<Examination<'a>, Gloess<'a>> = BTreeMap::new();
    for joint in joints {
        let of = patients.entry((joint.patient, joint.visit)).or_default();
        let name = joint.joint;
        if of.joints.contains(name) || of.left_out.contains(name) {
            let what = format!("patient {} has joint {name} twice", joint.patient);
            return Err(Problem::new(what).hint("sums need one pair a joint and visit"));
        }
        match (joint.reference, joint.predicted) {
            (Some(reference), Some(predicted)) => {
                let sums = of.sums.get_or_insert_default();
                sums.reference += u32::from(reference);
                sums.predicted += u32::from(predicted);
                of.joints.insert(name);
            }
            _ => {
                of.left_out.insert(name);
            }
        }
    }
    Ok(patients)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joint<'a>(patient: &'a str, joint: &'a str, grades: [Option<Grade>; 2]) -> Joint<'a> {
        Joint { patient, visit: None, joint, reference: grades[0], predicted: grades[1] }
    }

    #[test]
    fn sums_are_over_the_same_joints() {
        let joints = [
            joint("b", "MCP2 right", [Some(3), Some(2)]),
            joint("a", "MCP2 right", [Some(1), Some(1)]),
            joint("b", "MCP3 right", [Some(2), None]),
            joint("b", "MCP2 left", [Some(1), Some(3)]),
            joint("c", "MCP2 left", [None, Some(3)]),
        ];
        let sums = gloess(joints).unwrap();
        assert_eq!(sums[&("b", None)].sums, Some(Sums { reference: 4, predicted: 5 }));
        assert_eq!(sums[&("b", None)].sums.map(Sums::difference), Some(1));
        assert_eq!(sums[&("b", None)].joints.len(), 2);
        assert!(sums[&("b", None)].left_out.contains("MCP3 right"));
        assert_eq!(sums[&("a", None)].sums, Some(Sums { reference: 1, predicted: 1 }));
        assert_eq!((sums[&("c", None)].sums, sums[&("c", None)].joints.is_empty()), (None, true));
    }

    #[test]
    fn a_joint_counts_once_a_visit() {
        let first = joint("a", "MCP2", [Some(1), Some(2)]);
        let second = Joint { visit: Some("2"), ..first };
        assert_eq!(gloess([first, second]).unwrap().len(), 2);
        let joints = [joint("a", "MCP2", [Some(1), Some(1)]), joint("a", "MCP2", [None, None])];
        assert!(gloess(joints).unwrap_err().to_string().contains("MCP2 twice"));
    }
}
