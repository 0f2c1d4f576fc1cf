//! Tails and quantiles of the distributions that tests and intervals need,
//! from the crate statrs. `None` where a distribution does not exist.

use statrs::distribution::{
    Beta, Binomial, ChiSquared, ContinuousCDF, DiscreteCDF, FisherSnedecor, Normal, StudentsT,
};

/// How far a 95 % interval reaches on each side: quantile 0.975.
pub(crate) const UPPER: f64 = 0.975;

/// P(Z <= z) of the standard normal distribution.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// The standard normal quantile; infinite at 0 and 1.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p.clamp(0.0, 1.0))
}

/// P(|Z| >= |z|).
pub(super) fn normal_two_sided(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

/// Quantile of Student's t distribution.
pub(crate) fn t_quantile(p: f64, freedom: f64) -> Option<f64> {
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some(t.inverse_cdf(p.clamp(0.0, 1.0))).filter(|quantile| quantile.is_finite())
}

/// P(|T| >= |t|) of Student's t distribution.
pub(crate) fn t_two_sided(t: f64, freedom: f64) -> Option<f64> {
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some((2.0 * distribution.sf(t.abs())).min(1.0)).filter(|p| p.is_finite())
}

/// P(F >= f) of the F distribution.
pub(super) fn f_upper(f: f64, freedom: [f64; 2]) -> Option<f64> {
    let distribution = FisherSnedecor::new(freedom[0], freedom[1]).ok()?;
    Some(distribution.sf(f.max(0.0))).filter(|p| p.is_finite())
}

/// P(X >= x) of the chi-squared distribution.
pub(super) fn chi_squared_upper(x: f64, freedom: f64) -> Option<f64> {
    Some(ChiSquared::new(freedom).ok()?.sf(x.max(0.0))).filter(|p| p.is_finite())
}

/// Quantile of the F distribution.
pub(super) fn f_quantile(p: f64, freedom: [f64; 2]) -> Option<f64> {
    let f = FisherSnedecor::new(freedom[0], freedom[1]).ok()?;
    Some(f.inverse_cdf(p.clamp(0.0, 1.0))).filter(|quantile| quantile.is_finite())
}

/// Quantile of the beta distribution.
pub(super) fn beta_quantile(p: f64, a: f64, b: f64) -> Option<f64> {
    let beta = Beta::new(a, b).ok()?;
    Some(beta.inverse_cdf(p.clamp(0.0, 1.0))).filter(|quantile| quantile.is_finite())
}

/// P(X <= k) of `n` tosses of a fair coin.
pub(super) fn coin_cdf(k: u64, n: u64) -> Option<f64> {
    Some(Binomial::new(0.5, n).ok()?.cdf(k))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_close(measured: f64, expected: f64) {
        let tolerance = 1e-9 * expected.abs().max(1e-6);
        assert!((measured - expected).abs() <= tolerance, "{measured} instead of {expected}");
    }

    #[test]
    fn quantiles_as_scipy_gives_them() {
        // scipy 1.12: norm.ppf, t.ppf, f.ppf, beta.ppf, binom.cdf, 2 norm.sf.
        assert_close(normal_quantile(0.975), 1.959963984540054);
        assert_close(normal_quantile(0.001), -3.090232306167813);
        assert_close(normal_two_sided(8.0), 1.244192114854348e-15);
        assert_close(t_quantile(0.975, 1.0).unwrap(), 12.706204736432095);
        assert_close(t_quantile(0.975, 9.0).unwrap(), 2.2621571627409915);
        assert_close(t_quantile(0.975, 250.5).unwrap(), 1.9694792720509302);
        assert_close(f_quantile(0.975, [5.0, 10.0]).unwrap(), 4.236085668188633);
        assert_close(f_quantile(0.975, [29.0, 58.0]).unwrap(), 1.83331321986537);
        assert_close(f_quantile(0.025, [3.7, 44.2]).unwrap(), 0.1051122864089948);
        assert_close(f_quantile(0.975, [1.0, 1000.0]).unwrap(), 5.039051233475645);
        assert_close(f_quantile(0.975, [1999.0, 7996.0]).unwrap(), 1.0710048572191582);
        assert_close(beta_quantile(0.025, 3.0, 8.0).unwrap(), 0.06673951117773447);
        assert_close(beta_quantile(0.975, 1.0, 20.0).unwrap(), 0.1684334709830853);
        assert_close(beta_quantile(0.025, 900000.0, 100001.0).unwrap(), 0.8994103518125763);
        assert_close(beta_quantile(0.975, 250.0, 26.0).unwrap(), 0.9373071320806325);
        assert_close(coin_cdf(3, 10).unwrap(), 0.171875);
        // Of very many tosses the library knows eight digits.
        let many = coin_cdf(450_000, 901_000).unwrap();
        assert!((many / 0.14629566678355052 - 1.0).abs() < 1e-8, "{many}");
        assert_close(coin_cdf(40, 200).unwrap(), 1.6920079887576423e-18);
    }

    #[test]
    fn tails_are_those_of_tables_and_of_the_quantiles() {
        assert_close(t_two_sided(-2.2621571627409915, 9.0).unwrap(), 0.05);
        assert_close(f_upper(4.236085668188633, [5.0, 10.0]).unwrap(), 0.025);
        assert_close(chi_squared_upper(3.841458820694124, 1.0).unwrap(), 0.05);
        assert_close(chi_squared_upper(5.991464547107979, 2.0).unwrap(), 0.05);
        // With two modalities F is the square of t.
        assert_close(f_upper(2.5 * 2.5, [1.0, 15.3]).unwrap(), t_two_sided(2.5, 15.3).unwrap());
        assert_eq!((t_two_sided(1.0, 0.0), f_upper(1.0, [0.0, 1.0])), (None, None));
    }

    #[test]
    fn what_does_not_exist_is_none() {
        assert_eq!(f_quantile(0.975, [0.0, 3.0]), None);
        assert_eq!(t_quantile(0.975, 0.0), None);
        assert_eq!(beta_quantile(0.5, f64::NAN, 1.0), None);
        assert_eq!(coin_cdf(0, 0), Some(1.0));
    }
}
