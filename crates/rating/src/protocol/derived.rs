//! Protocols that differ from another in what is read, or from what.

use super::{Combined, Protocol, Written};
use crate::Problem;

impl Protocol {
    /// The protocol in which a measurement, by its name or short name, is read
    /// from these modalities.
    ///
    /// # Errors
    /// No such measurement or modality; no modality, or one twice.
    pub fn reading(&self, measurement: &str, modalities: &[String]) -> Result<Protocol, Problem> {
        let position = self.measurement(measurement).ok_or_else(|| {
            Problem::new(format!("protocol {} has no measurement {measurement:?}", self.name()))
        })?;
        let mut written = self.written.clone();
        written.measurements[position].modalities = modalities.to_vec();
        Protocol::try_from(written)
    }

    /// The protocol of the combined grade alone, read from these modalities as
    /// one measurement called `highest_grade`.
    ///
    /// # Errors
    /// A protocol without a combined grade; no such modality.
    pub fn combined_alone(&self, modalities: &[String]) -> Result<Protocol, Problem> {
        let (Some(grades), Some(like)) = (
            self.combined_grades(),
            self.measurements().iter().max_by_key(|measurement| measurement.grades),
        ) else {
            return Err(Problem::new(format!("protocol {} has no combined grade", self.name())));
        };
        let mut measurement = like.clone();
        measurement.name = "highest_grade".to_owned();
        measurement.short = "highest".to_owned();
        measurement.grades = grades;
        measurement.modalities = modalities.to_vec();
        measurement.sentences = Vec::new();
        Protocol::try_from(Written {
            name: format!("{}-combined", self.name()),
            title: format!("{}, combined grade alone", self.title()),
            combined: Combined::Max,
            valid: None,
            invalid: None,
            heatmap: None,
            measurements: vec![measurement],
            ..self.written.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_is_read_from_other_images() {
        let both = ["grayscale".to_owned(), "doppler".to_owned()];
        let eoss = Protocol::eoss();
        let read = eoss.reading("vascularity", &both).unwrap();
        assert_eq!(read.modalities_of(1), [0, 1]);
        assert_eq!(read.modalities_of(0), eoss.modalities_of(0));
        assert!(eoss.reading("vascularity", &["mri".to_owned()]).is_err());
        assert!(eoss.reading("oedema", &both).is_err());
    }

    #[test]
    fn the_combined_grade_stands_alone() {
        let alone = Protocol::eoss().combined_alone(&["doppler".to_owned()]).unwrap();
        assert_eq!(alone.measurements().len(), 1);
        assert_eq!((alone.measurements()[0].grades, alone.modalities_of(0)), (4, &[1][..]));
        assert_eq!(alone.combined(&[2]), Some(2));
        assert!(alone.is_valid(&[3]));
    }
}
