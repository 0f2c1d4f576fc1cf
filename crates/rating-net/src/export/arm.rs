//! Which trained network answers for each task: the study's own, or those of
//! an arm to compare with.

use rating::network::{NetworkId, TrainingId};
use rating::{Problem, Protocol};

use crate::TrainError;
use crate::job::Job;
use crate::plan;

/// The networks of a bundle.
pub enum Arm {
    /// Those the protocol asks for.
    Whole,
    /// One measurement is read from one of its modalities alone, by the
    /// extractors that its fusion networks rest on.
    OneModality {
        /// The measurement's short name.
        measurement: String,
        /// The modality.
        modality: String,
        /// The protocol in which the measurement has that modality alone.
        protocol: Box<Protocol>,
    },
}

impl Arm {
    /// The arm in which a measurement is read from one of its modalities.
    ///
    /// # Errors
    /// A measurement without extractors, or without that modality.
    pub fn one_modality(job: &Job, measurement: usize, modality: usize) -> Result<Arm, TrainError> {
        let protocol = job.protocol();
        let possible = measurement < protocol.measurements().len()
            && protocol.modalities_of(measurement).len() > 1
            && protocol.modalities_of(measurement).contains(&modality);
        if !possible {
            return Err(Problem::new("this measurement has no extractor of that modality").into());
        }
        let name = protocol.modalities()[modality].name.clone();
        let short = &protocol.measurements()[measurement].short;
        Ok(Arm::OneModality {
            measurement: short.clone(),
            protocol: Box::new(protocol.reading(short, std::slice::from_ref(&name))?),
            modality: name,
        })
    }

    /// The protocol the bundle tells.
    pub fn protocol<'a>(&'a self, job: &'a Job) -> &'a Protocol {
        match self {
            Arm::Whole => job.protocol(),
            Arm::OneModality { protocol, .. } => protocol,
        }
    }

    /// The name the bundle tells.
    pub fn name(&self, job: &Job) -> String {
        let name = &job.config().name;
        match self {
            Arm::Whole => name.clone(),
            Arm::OneModality { measurement, modality, .. } => {
                format!("{name}, {measurement} from {modality} alone")
            }
        }
    }

    /// The training that ends in a network.
    pub fn training(&self, job: &Job, id: &NetworkId) -> Result<TrainingId, TrainError> {
        match self {
            Arm::OneModality { measurement, modality, .. } if measurement == &id.measurement => {
                let target = id.clone().into();
                Ok(TrainingId::Extractor { modality: modality.clone(), target })
            }
            _ => plan::deciding_training(job.protocol(), id.clone().into())
                .ok_or_else(|| TrainError::Bug(format!("{id} is not of the protocol"))),
        }
    }
}
