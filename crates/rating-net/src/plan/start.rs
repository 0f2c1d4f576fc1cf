//! What each training starts from (method, section 4, "Starting weights").

use rating::Protocol;
use rating::network::{Question, Target, TrainingId};

use crate::config::{Config, GInit, WarmStart};

/// What a training's weights start from (method, section 4, "Starting weights").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartFrom {
    /// Drawn from the training's seed.
    Random,
    /// The file of ImageNet weights.
    Imagenet,
    /// The backbone of the fold's jigsaw.
    Jigsaw(TrainingId),
    /// The same network for another task, output layer included.
    Sibling(TrainingId),
}

impl StartFrom {
    /// The words a bundle uses: `random`, `imagenet` or the training's name.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            StartFrom::Random => "random".to_owned(),
            StartFrom::Imagenet => "imagenet".to_owned(),
            StartFrom::Jigsaw(id) | StartFrom::Sibling(id) => id.to_string(),
        }
    }

    /// The training it comes from, if it comes from one.
    #[must_use]
    pub fn training(&self) -> Option<&TrainingId> {
        match self {
            StartFrom::Random | StartFrom::Imagenet => None,
            StartFrom::Jigsaw(id) | StartFrom::Sibling(id) => Some(id),
        }
    }
}

/// The question that others about a measurement start from under
/// `warm_start = "gt1"`.
pub(super) const WARM_SOURCE: Question = Question::Above(1);

/// Whether the study makes jigsaws.
pub(super) fn pretrains(config: &Config, protocol: &Protocol) -> bool {
    config.training.jigsaw.is_some() && protocol.pretrain_modality().is_some()
}

/// What an extractor or a network of one modality starts from.
pub(super) fn start(
    config: &Config,
    protocol: &Protocol,
    measurement: usize,
    modality: usize,
    id: &TrainingId,
) -> StartFrom {
    let grades = protocol.measurements()[measurement].grades;
    if let Some(sibling) = sibling(config, grades, id) {
        return StartFrom::Sibling(sibling);
    }
    let jigsaw = pretrains(config, protocol)
        .then(|| StartFrom::Jigsaw(TrainingId::Jigsaw { fold: id.fold(), seed: id.seed() }));
    let imagenet = config.start.imagenet.is_some().then_some(StartFrom::Imagenet);
    let is_extractor = matches!(id, TrainingId::Extractor { .. });
    let jigsaw_first = protocol.pretrain_modality() == Some(modality)
        || (is_extractor && config.start.g_init == GInit::Jigsaw);
    let start = if jigsaw_first { jigsaw.or(imagenet) } else { imagenet.or(jigsaw) };
    start.unwrap_or(StartFrom::Random)
}

/// The same training for the task that others start from, if this is not it.
fn sibling(config: &Config, grades: u8, id: &TrainingId) -> Option<TrainingId> {
    let is_asked = config.questions.of(grades).contains(&WARM_SOURCE);
    if config.start.warm_start == WarmStart::None || !is_asked {
        return None;
    }
    let source = |target: &Target| {
        (target.question != WARM_SOURCE).then(|| Target { question: WARM_SOURCE, ..target.clone() })
    };
    match id {
        TrainingId::Extractor { modality, target } => {
            Some(TrainingId::Extractor { modality: modality.clone(), target: source(target)? })
        }
        TrainingId::Single(target) => Some(TrainingId::Single(source(target)?)),
        TrainingId::Jigsaw { .. } | TrainingId::Fusion(_) => None,
    }
}
