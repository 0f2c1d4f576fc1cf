//! Mean squares of the table of modalities and readers.

use serde::Serialize;

use crate::stats::interval::mean;

/// The analysis of variance of `figures[modality][reader]`, one figure a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeanSquares {
    /// Mean of each modality over its readers.
    pub modality_means: Vec<f64>,
    /// Of modalities, MS(M): modalities - 1 degrees of freedom.
    pub modality: f64,
    /// Of readers, MS(R): readers - 1 degrees of freedom.
    pub reader: f64,
    /// Of modality x reader, MS(MR): the product of both degrees of freedom.
    pub modality_reader: f64,
    /// Of the readers within each modality alone.
    pub reader_of_modality: Vec<f64>,
}

impl MeanSquares {
    /// For two modalities and readers at least, and as many readers of each.
    pub(super) fn of(figures: &[Vec<f64>]) -> MeanSquares {
        let average = |values: &[f64]| mean(values).unwrap_or(f64::NAN);
        let readers = figures[0].len();
        let modality_means: Vec<f64> = figures.iter().map(|row| average(row)).collect();
        let of_reader =
            |reader: usize| average(&figures.iter().map(|row| row[reader]).collect::<Vec<f64>>());
        let reader_means: Vec<f64> = (0..readers).map(of_reader).collect();
        let grand = average(&modality_means);
        let (modality_freedom, reader_freedom) = (figures.len() as f64 - 1.0, readers as f64 - 1.0);

        let spread = |means: &[f64], centre: f64| -> f64 {
            means.iter().map(|mean| (mean - centre).powi(2)).sum()
        };
        let mut both = 0.0;
        for (row, of_modality) in figures.iter().zip(&modality_means) {
            for (figure, of_reader) in row.iter().zip(&reader_means) {
                both += (figure - of_modality - of_reader + grand).powi(2);
            }
        }
        let within = figures.iter().zip(&modality_means);
        MeanSquares {
            modality: readers as f64 * spread(&modality_means, grand) / modality_freedom,
            reader: figures.len() as f64 * spread(&reader_means, grand) / reader_freedom,
            modality_reader: both / (modality_freedom * reader_freedom),
            reader_of_modality: within
                .map(|(row, mean)| spread(row, *mean) / reader_freedom)
                .collect(),
            modality_means,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_worked_by_hand() {
        // Means 2 and 4 of modalities, 2, 3, 4 of readers; what is left is
        // 0, 0, 0 with the first row, so change one cell by 3: 1 2 3 and 3 4 8.
        let squares = MeanSquares::of(&[vec![1.0, 2.0, 3.0], vec![3.0, 4.0, 8.0]]);
        assert_eq!(squares.modality_means, [2.0, 5.0]);
        // 3 readers x (1.5^2 + 1.5^2) / 1.
        assert_eq!(squares.modality, 13.5);
        // Readers 2, 3, 5.5 around 3.5: 2 x (2.25 + 0.25 + 4) / 2.
        assert_eq!(squares.reader, 6.5);
        // Left of the first row 0.5, 0.5, -1, of the second the opposite: 3 / 2.
        assert_eq!(squares.modality_reader, 1.5);
        assert_eq!(squares.reader_of_modality, [1.0, 7.0]);
    }
}
