//! How figures of readers vary because the cases are a sample.

use serde::Serialize;

use crate::stats::Undefined;

/// Variance and covariances of the errors, as the table of [`super`] names them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Errors {
    /// Of one reader with one modality.
    pub variance: f64,
    /// The same reader with two modalities.
    pub cov1: f64,
    /// Two readers with the same modality.
    pub cov2: f64,
    /// Two readers, each with another modality.
    pub cov3: f64,
    /// Within each modality alone.
    pub modalities: Vec<ErrorOfModality>,
    /// Of each reader alone.
    pub readers: Vec<ErrorOfReader>,
}

/// Errors of one modality, means over its readers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ErrorOfModality {
    /// Of one reader.
    pub variance: f64,
    /// Of two readers.
    pub cov2: f64,
}

/// Errors of one reader, means over the modalities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ErrorOfReader {
    /// With one modality.
    pub variance: f64,
    /// With two.
    pub cov1: f64,
}

/// A sum and how many values it has.
#[derive(Clone, Copy, Default)]
struct Sum(f64, u32);

impl Sum {
    fn add(&mut self, value: f64) {
        *self = Sum(self.0 + value, self.1 + 1);
    }

    fn mean(self) -> f64 {
        self.0 / f64::from(self.1)
    }
}

impl Errors {
    /// Means of the covariance matrix of all figures, those of modality 0 by all
    /// readers first.
    ///
    /// # Errors
    /// With fewer than two modalities or readers; a matrix of another size is
    /// [`Undefined::NoCases`].
    pub fn of_matrix(
        modalities: usize,
        readers: usize,
        matrix: &[Vec<f64>],
    ) -> Result<Errors, Undefined> {
        match (modalities, readers) {
            (0 | 1, _) => return Err(Undefined::FewerThanTwoModalities),
            (_, 0 | 1) => return Err(Undefined::FewerThanTwoReaders),
            _ => {}
        }
        let side = modalities * readers;
        if matrix.len() != side || matrix.iter().any(|row| row.len() != side) {
            return Err(Undefined::NoCases);
        }
        // Variance, Cov1, Cov2, Cov3.
        let mut all = [Sum::default(); 4];
        let mut of_modalities = vec![[Sum::default(); 2]; modalities];
        let mut of_readers = vec![[Sum::default(); 2]; readers];
        for (a, row) in matrix.iter().enumerate() {
            for (b, &covariance) in row.iter().enumerate() {
                let (modality, reader) = (a / readers, a % readers);
                match (modality == b / readers, reader == b % readers) {
                    (true, true) => {
                        all[0].add(covariance);
                        of_modalities[modality][0].add(covariance);
                        of_readers[reader][0].add(covariance);
                    }
                    (false, true) => {
                        all[1].add(covariance);
                        of_readers[reader][1].add(covariance);
                    }
                    (true, false) => {
                        all[2].add(covariance);
                        of_modalities[modality][1].add(covariance);
                    }
                    (false, false) => all[3].add(covariance),
                }
            }
        }
        let [variance, cov1, cov2, cov3] = all.map(Sum::mean);
        let modality =
            |of: &[Sum; 2]| ErrorOfModality { variance: of[0].mean(), cov2: of[1].mean() };
        let reader = |of: &[Sum; 2]| ErrorOfReader { variance: of[0].mean(), cov1: of[1].mean() };
        Ok(Errors {
            variance,
            cov1,
            cov2,
            cov3,
            modalities: of_modalities.iter().map(modality).collect(),
            readers: of_readers.iter().map(reader).collect(),
        })
    }

    /// What readers share within a modality beyond what they share anyway:
    /// Cov2 - Cov3, 0 where the estimate is negative.
    pub(super) fn shared(&self) -> f64 {
        (self.cov2 - self.cov3).max(0.0)
    }

    pub(super) fn finite(&self) -> bool {
        let modalities = self.modalities.iter().flat_map(|of| [of.variance, of.cov2]);
        let readers = self.readers.iter().flat_map(|of| [of.variance, of.cov1]);
        let all = [self.variance, self.cov1, self.cov2, self.cov3];
        all.into_iter().chain(modalities).chain(readers).all(f64::is_finite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_sorted_into_its_four_kinds() {
        // Two modalities of two readers: figures 00, 01, 10, 11.
        let matrix = vec![
            vec![10.0, 3.0, 5.0, 1.0],
            vec![3.0, 12.0, 2.0, 7.0],
            vec![5.0, 2.0, 14.0, 4.0],
            vec![1.0, 7.0, 4.0, 16.0],
        ];
        let errors = Errors::of_matrix(2, 2, &matrix).unwrap();
        assert_eq!([errors.variance, errors.cov1, errors.cov2, errors.cov3], [13.0, 6.0, 3.5, 1.5]);
        assert_eq!(errors.modalities[1], ErrorOfModality { variance: 15.0, cov2: 4.0 });
        assert_eq!(errors.readers[0], ErrorOfReader { variance: 12.0, cov1: 5.0 });
        assert_eq!(errors.shared(), 2.0);
        assert!(Errors::of_matrix(2, 3, &matrix).is_err());
        assert_eq!(Errors::of_matrix(4, 1, &matrix), Err(Undefined::FewerThanTwoReaders));
        assert_eq!(Errors::of_matrix(1, 4, &matrix), Err(Undefined::FewerThanTwoModalities));
    }
}
