//! The checkpoints that the paper's authors published their code for.

use rating::Problem;

use crate::network::Architecture;
use crate::weights::{self, Array, Weights};

/// Which way round a checkpoint's two classes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Classes {
    /// Index 1 is "the grade is greater".
    Greater,
    /// Index 1 is "the grade is at most", as in the authors' networks for
    /// grade > 2 (their class string `3,012`). Reading turns them round.
    AtMost,
}

/// Reads one of the authors' checkpoints (`optimal_net_cls.pth`): weights in
/// this project's sense, class 1 always being "the grade is greater".
///
/// A fusion network has no ReLU between its linear layers; the architecture
/// says so.
///
/// # Errors
/// As for [`weights::read`]; weights of another kind of network; more than two
/// classes where they are to be turned round.
pub fn read_checkpoint(bytes: &[u8], classes: Classes) -> Result<(Architecture, Weights), Problem> {
    let mut weights = weights::read(bytes)?;
    let architecture = Architecture::of(&weights)?;
    if classes == Classes::AtMost {
        for part in ["weight", "bias"] {
            let name = format!("{}.{part}", architecture.last_layer());
            let array = weights
                .get_mut(&name)
                .ok_or_else(|| Problem::new(format!("tensor {name} is missing")))?;
            swap_classes(&name, array)?;
        }
    }
    Ok((architecture, weights))
}

fn swap_classes(name: &str, array: &mut Array) -> Result<(), Problem> {
    if array.shape.first() != Some(&2) {
        let found = &array.shape;
        return Err(Problem::new(format!("tensor {name} of shape {found:?} has not two classes")));
    }
    let half = array.data.len() / 2;
    array.data.rotate_left(half);
    Ok(())
}
