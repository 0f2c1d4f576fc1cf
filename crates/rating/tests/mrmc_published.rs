//! Multi-reader multi-case analysis against a published worked example.
//!
//! The figures are those that OR-DBM MRMC 2.51 (Schartz, Hillis, Pesce and Berbaum,
//! University of Iowa; trapezoidal AUC, jackknife) prints for the study of Van Dyke
//! et al. (Cine MRI in the diagnosis of thoracic aortic dissection, 79th RSNA
//! Meetings 1993): two ways of imaging, five readers, 69 cases without and 45 with
//! dissection. The printout is `inst/Iowa/VanDyke.txt` of the R package RJafroc.
//! The ratings themselves are not shipped here: see the test at the end.

use rating::stats::delong;
use rating::stats::mrmc::{
    Analysis, Difference, ErrorOfModality, ErrorOfReader, Errors, Inference, MultiReader,
};
use rating::stats::ranked::Ranked;
use rating::stats::{Patients, Scored};

/// AUCs of five readers with each modality.
const AUCS: [[f64; 5]; 2] = [
    [0.91964573, 0.85877617, 0.90386473, 0.97310789, 0.82979066],
    [0.94782609, 0.90531401, 0.92173913, 0.99935588, 0.92995169],
];

/// Variance, Cov1, Cov2, Cov3.
const ERRORS: [f64; 4] = [0.00080229, 0.00034661, 0.00034407, 0.00023903];

/// Variance and Cov2 of each modality.
const OF_MODALITIES: [[f64; 2]; 2] = [[0.00101410, 0.00048396], [0.00059047, 0.00020419]];

/// Variance and Cov1 of each reader.
const OF_READERS: [[f64; 2]; 5] = [
    [0.00069890, 0.00037347],
    [0.00110605, 0.00076016],
    [0.00084234, 0.00035532],
    [0.00015058, 0.00000108],
    [0.00121357, 0.00024304],
];

fn errors() -> Errors {
    let [variance, cov1, cov2, cov3] = ERRORS;
    let modality = |[variance, cov2]: [f64; 2]| ErrorOfModality { variance, cov2 };
    let reader = |[variance, cov1]: [f64; 2]| ErrorOfReader { variance, cov1 };
    Errors {
        variance,
        cov1,
        cov2,
        cov3,
        modalities: OF_MODALITIES.map(modality).to_vec(),
        readers: OF_READERS.map(reader).to_vec(),
    }
}

#[track_caller]
fn assert_printed(found: f64, printed: f64, unit: f64) {
    // Half a unit of the last place printed, and as much for rounded inputs.
    assert!((found - printed).abs() <= unit, "{found} instead of {printed}");
}

/// Difference, standard error, t, p, interval.
#[track_caller]
fn assert_difference(found: &Difference, printed: [f64; 6]) {
    let Difference { value, standard_error, t, p, interval, .. } = found;
    let found = [*value, *standard_error, *t, *p, interval.low, interval.high];
    for ((found, printed), unit) in
        found.into_iter().zip(printed).zip([1e-5, 1e-5, 1e-2, 1e-4, 1e-5, 1e-5])
    {
        assert_printed(found, printed, unit);
    }
}

/// Mean, standard error and interval of each modality.
#[track_caller]
fn assert_means(found: &Analysis, printed: [[f64; 4]; 2]) {
    for (found, printed) in found.means.iter().zip(printed) {
        let found = found.unwrap();
        let found = [found.value, found.standard_error, found.interval.low, found.interval.high];
        for (found, printed) in found.into_iter().zip(printed) {
            assert_printed(found, printed, 1e-6);
        }
    }
}

/// Everything printed, found from these figures and errors.
fn check(found: &MultiReader) {
    let squares = &found.mean_squares;
    for (found, printed) in [squares.modality, squares.reader, squares.modality_reader]
        .into_iter()
        .zip([0.00479617, 0.00383620, 0.00055103])
    {
        assert_printed(found, printed, 1.1e-8);
    }
    for (found, printed) in squares.reader_of_modality.iter().zip([0.00308263, 0.00130460]) {
        assert_printed(*found, printed, 1.1e-8);
    }
    assert_printed(found.components.reader, 0.00153500, 2e-8);
    assert_printed(found.components.modality_reader, 0.00020040, 3e-8);
    let all = Inference::ALL.map(|inference| found.analysis(inference).unwrap());
    check_random(all[0]);
    check_fixed_readers(all[1]);
    check_fixed_cases(all[2]);
    // Each reader alone.
    let printed = [
        [-0.02818, 0.02551, -1.10, 0.2693, -0.07818, 0.02182],
        [-0.04654, 0.02630, -1.77, 0.0768, -0.09809, 0.00501],
        [-0.01787, 0.03121, -0.57, 0.5668, -0.07904, 0.04330],
        [-0.02625, 0.01729, -1.52, 0.1290, -0.06014, 0.00764],
        [-0.10016, 0.04406, -2.27, 0.0230, -0.18651, -0.01381],
    ];
    for (found, printed) in found.readers.iter().zip(printed) {
        assert_difference(&found[0].unwrap(), printed);
    }
}

fn check_random(both: &Analysis) {
    assert_printed(both.overall.f, 4.46, 0.01);
    assert_printed(both.overall.denominator_freedom.unwrap(), 15.26, 0.01);
    assert_printed(both.overall.p, 0.0517, 1e-4);
    let printed = [-0.04380, 0.02075, -2.11, 0.0517, -0.08796, 0.00036];
    assert_difference(&both.differences[0], printed);
    let first = [0.89703704, 0.03317360, 0.82522360, 0.96885048];
    let second = [0.94083736, 0.02156637, 0.89413783, 0.98753689];
    assert_means(both, [first, second]);
    assert_printed(both.means[0].unwrap().freedom.unwrap(), 12.74, 0.01);
    assert_printed(both.means[1].unwrap().freedom.unwrap(), 12.71, 0.01);
}

fn check_fixed_readers(fixed: &Analysis) {
    assert_printed(fixed.overall.f, 5.47595, 2e-4);
    assert_printed(fixed.overall.p, 0.0193, 1e-4);
    let printed = [-0.04380, 0.01872, -2.34, 0.0193, -0.08049, -0.00711];
    assert_difference(&fixed.differences[0], printed);
    let first = [0.89703704, 0.02428971, 0.84943008, 0.94464399];
    let second = [0.94083736, 0.01677632, 0.90795637, 0.97371835];
    assert_means(fixed, [first, second]);
}

fn check_fixed_cases(fixed: &Analysis) {
    assert_printed(fixed.overall.f, 8.70, 0.01);
    assert_eq!(fixed.overall.denominator_freedom.map(f64::round), Some(4.0));
    assert_printed(fixed.overall.p, 0.0420, 1e-4);
    let printed = [-0.04380, 0.01485, -2.95, 0.0420, -0.08502, -0.00258];
    assert_difference(&fixed.differences[0], printed);
    let first = [0.89703704, 0.02482994, 0.82809808, 0.96597599];
    let second = [0.94083736, 0.01615303, 0.89598936, 0.98568536];
    assert_means(fixed, [first, second]);
}

#[test]
fn the_analyses_are_those_printed() {
    let figures = AUCS.map(|row| row.to_vec()).to_vec();
    check(&MultiReader::new(figures, errors()).unwrap());
}

/// The whole way from the ratings, also by DeLong: Cov1 to Cov3 as printed.
///
/// `VAN_DYKE` names the file of ratings in iMRMC's layout
/// (`tests/testthat/goodValues361/DfSaveDataFile/dataset02.imrmc` of RJafroc).
#[test]
#[ignore = "needs the ratings, which are under another licence: VAN_DYKE=dataset02.imrmc"]
fn the_errors_are_those_printed() {
    let text = std::fs::read_to_string(std::env::var("VAN_DYKE").unwrap()).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip_while(|line| *line != "BEGIN DATA:")
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let (truths, ratings): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row[2] == "truth");
    let truth: Vec<bool> = truths.iter().map(|row| row[3] == "1").collect();
    let scored = |modality: usize, reader: usize| {
        let (modality, reader) = (modality.to_string(), reader.to_string());
        let own = ratings.iter().filter(|row| row[0] == reader && row[2] == modality);
        let scores: Vec<f64> = own.map(|row| row[3].parse().unwrap()).collect();
        Scored::new(&truth, &scores).unwrap()
    };
    let pairs = (0..2).flat_map(|modality| (0..5).map(move |reader| (modality, reader)));
    let scored: Vec<Scored> = pairs.map(|(modality, reader)| scored(modality, reader)).collect();
    let cases = Patients::one_per_case(truth.len());
    let ranked: Vec<Ranked> = scored.iter().map(|of| Ranked::new(of, &cases).unwrap()).collect();
    let aucs = |weights: &[u32]| ranked.iter().map(|of| of.auc(weights)).collect();
    let found = MultiReader::jackknife(2, 5, truth.len(), aucs).unwrap();
    let Errors { variance, cov1, cov2, cov3, modalities, readers } = &found.errors;
    for (found, printed) in [variance, cov1, cov2, cov3].into_iter().zip(ERRORS) {
        assert_printed(*found, printed, 6e-9);
    }
    for (found, [variance, cov2]) in modalities.iter().zip(OF_MODALITIES) {
        assert_printed(found.variance, variance, 6e-9);
        assert_printed(found.cov2, cov2, 6e-9);
    }
    for (found, [variance, cov1]) in readers.iter().zip(OF_READERS) {
        assert_printed(found.variance, variance, 6e-9);
        assert_printed(found.cov1, cov1, 6e-9);
    }
    check(&found);
    // DeLong's covariances are nearly the jackknife's.
    let delong = delong::covariances(&scored).unwrap().unwrap();
    let delong = Errors::of_matrix(2, 5, &delong).unwrap();
    for (found, printed) in
        [delong.variance, delong.cov1, delong.cov2, delong.cov3].into_iter().zip(ERRORS)
    {
        assert!((found / printed - 1.0).abs() < 0.02, "{found} {printed}");
    }
}
