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

/// Degrees of freedom from which Student's t distribution is the normal one but
/// for terms that are written out; the library loses digits there.
const MANY: f64 = 1e5;

/// Quantile of Student's t distribution, of many degrees of freedom by Abramowitz
/// and Stegun, 26.7.5.
pub(crate) fn t_quantile(p: f64, freedom: f64) -> Option<f64> {
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?;
    if freedom > MANY {
        let z = normal_quantile(p);
        let first = (z.powi(3) + z) / 4.0;
        let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
        let quantile = z + first / freedom + second / freedom.powi(2);
        return Some(quantile).filter(|quantile| quantile.is_finite());
    }
    // It is symmetric.
    let far = inverse(|t_value| t.cdf(t_value), p.max(1.0 - p), f64::INFINITY)?;
    Some(if p < 0.5 { -far } else { far })
}

/// P(|T| >= |t|) of Student's t distribution, of many degrees of freedom by
/// Abramowitz and Stegun, 26.7.8.
pub(crate) fn t_two_sided(t: f64, freedom: f64) -> Option<f64> {
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    if freedom > MANY {
        let z = t * (1.0 - 0.25 / freedom) / (1.0 + 0.5 * t * t / freedom).sqrt();
        return Some(normal_two_sided(z)).filter(|p| p.is_finite());
    }
    Some((2.0 * distribution.sf(t.abs())).min(1.0)).filter(|p| p.is_finite())
}

/// Where a distribution function that is 0 below 0 and 1 above `most` reaches `p`,
/// to the last digit, by halving. (The library's own inverses run for ever at
/// some parameters, such as 15 million degrees of freedom.) `None` where it
/// reaches it nowhere.
fn inverse(cdf: impl Fn(f64) -> f64, p: f64, most: f64) -> Option<f64> {
    let is_beyond = |x: f64| cdf(x) >= p;
    if !(0.0..=1.0).contains(&p) || is_beyond(0.0) {
        return Some(0.0).filter(|_| p >= 0.0);
    }
    let [mut low, mut high] = [0.0, most.min(1.0)];
    while !is_beyond(high) {
        (low, high) = (high, 2.0 * high);
        if high > most || high.is_infinite() {
            return None;
        }
    }
    loop {
        let middle = low + 0.5 * (high - low);
        if middle <= low || middle >= high {
            return Some(high);
        }
        *(if is_beyond(middle) { &mut high } else { &mut low }) = middle;
    }
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
    inverse(|x| f.cdf(x), p, f64::INFINITY)
}

/// Quantile of the beta distribution.
pub(super) fn beta_quantile(p: f64, a: f64, b: f64) -> Option<f64> {
    let beta = Beta::new(a, b).ok()?;
    inverse(|x| beta.cdf(x), p, 1.0)
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
        assert_close(t_quantile(0.025, 9.0).unwrap(), -2.2621571627409915);
        assert_close(t_quantile(0.975, 1.1e5).unwrap(), 1.9599855508754138);
        assert_close(t_quantile(0.975, 1.5e7).unwrap(), 1.9599641426914816);
        assert_close(t_quantile(0.975, 1e12).unwrap(), 1.9599639845424262);
        assert_close(f_quantile(0.975, [5.0, 10.0]).unwrap(), 4.236085668188633);
        assert_close(f_quantile(0.975, [29.0, 58.0]).unwrap(), 1.83331321986537);
        assert_close(f_quantile(0.025, [3.7, 44.2]).unwrap(), 0.1051122864089948);
        assert_close(f_quantile(0.975, [1.0, 1000.0]).unwrap(), 5.039051233475645);
        assert_close(f_quantile(0.975, [1999.0, 7996.0]).unwrap(), 1.0710048572191582);
        // Of very many degrees of freedom the library knows seven digits.
        let many = f_quantile(0.975, [3.0, 2e7]).unwrap();
        assert!((many / 3.11613518537511 - 1.0).abs() < 1e-7, "{many}");
        assert_close(beta_quantile(0.025, 3.0, 8.0).unwrap(), 0.06673951117773447);
        assert_close(beta_quantile(0.975, 1.0, 20.0).unwrap(), 0.1684334709830853);
        assert_close(beta_quantile(0.025, 900000.0, 100001.0).unwrap(), 0.8994103518125763);
        assert_close(beta_quantile(0.975, 250.0, 26.0).unwrap(), 0.9373071320806325);
        assert_close(beta_quantile(0.025, 0.5, 300.0).unwrap(), 1.6381450727490478e-6);
        assert_close(coin_cdf(3, 10).unwrap(), 0.171875);
        // Of very many tosses the library knows eight digits.
        let many = coin_cdf(450_000, 901_000).unwrap();
        assert!((many / 0.14629566678355052 - 1.0).abs() < 1e-8, "{many}");
        assert_close(coin_cdf(40, 200).unwrap(), 1.6920079887576423e-18);
    }

    #[test]
    fn tails_are_those_of_tables_and_of_the_quantiles() {
        assert_close(t_two_sided(-2.2621571627409915, 9.0).unwrap(), 0.05);
        assert_close(t_two_sided(2.5, 2e5).unwrap(), 0.012420124912362131);
        assert_close(t_two_sided(2.5, 1.5e7).unwrap(), 0.012419341241568854);
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
