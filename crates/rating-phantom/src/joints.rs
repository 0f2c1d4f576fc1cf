//! The joints of a patient: which, and how many.

use rating::manifest::Side;
use rating::{Protocol, Seed};

use crate::chance::Chance;

/// The most joints one patient can have: ten joints on two sides.
pub(crate) const MOST_JOINTS: usize = 20;

/// A joint of a hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joint {
    /// The unit's name in the EOSS protocol, such as `MCP2`.
    pub unit: String,
    /// Its side.
    pub side: Side,
}

impl Joint {
    /// Whether it is a metacarpophalangeal joint; the others are smaller.
    pub(crate) fn is_mcp(&self) -> bool {
        self.unit.starts_with("MCP")
    }
}

/// How many joints each patient has: 5 to 10 where the total allows, moved up
/// or down until it is exact.
pub(crate) fn joints_of_patients(patients: usize, pairs: usize, root: Seed) -> Vec<usize> {
    let mut joints: Vec<usize> = (1..=patients)
        .map(|number| 5 + Chance::new(root.child(format_args!("joints of {number}"))).below(6))
        .collect();
    let (least, most) = match pairs {
        _ if pairs < 5 * patients => (1, 10),
        _ if pairs > 10 * patients => (5, MOST_JOINTS),
        _ => (5, 10),
    };
    let mut chance = Chance::new(root.child(format_args!("totals {patients} {pairs}")));
    let mut total: usize = joints.iter().sum();
    while total != pairs {
        let at = chance.below(patients);
        if total < pairs && joints[at] < most {
            joints[at] += 1;
            total += 1;
        } else if total > pairs && joints[at] > least {
            joints[at] -= 1;
            total -= 1;
        }
    }
    joints
}

/// All joints in the order in which a patient's are taken: MCP joints come
/// first more often (60 %).
pub(crate) fn joint_order(seed: Seed) -> Vec<Joint> {
    let mut chance = Chance::new(seed);
    let eoss = Protocol::eoss();
    let mut keyed: Vec<(f64, Joint)> = eoss
        .units()
        .iter()
        .flat_map(|unit| [Side::Left, Side::Right].map(|side| Joint { unit: unit.clone(), side }))
        .map(|joint| {
            let weight = if joint.is_mcp() { 0.6 } else { 0.4 };
            (chance.exponential() / weight, joint)
        })
        .collect();
    keyed.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    keyed.into_iter().map(|(_, joint)| joint).collect()
}
