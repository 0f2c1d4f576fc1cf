//! Answers without networks, so that the room can be shown and tested before
//! anything is trained. They are derived from the truth of phantoms with a
//! stated error, and marked `canned` wherever they are seen.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::decode::pixel_hash;
use rating::network::NetworkId;
use rating::scores::Probability;
use rating::{Grade, Origin, Pair, Problem, Protocol, Seed};
use rating_frozen::explain::{How, NetworkMaps};
use rating_frozen::{Control, Explanation, Identity, ScoreError, Scorer};
use rusqlite::OptionalExtension;

use crate::pairs::row_of;
use crate::refusal::Refusal;
use crate::store::Store;

/// Each model misses the true grade of each measurement this often, by one.
pub const WRONG: f64 = 0.2;
/// Models and repeats, as in the paper.
const MODELS: u8 = 5;
const SEEDS: u8 = 2;
/// Side of its maps, pixels.
const SIDE: usize = 56;

type Truth = Box<dyn Fn(&Pair) -> Option<Vec<Grade>> + Send + Sync>;

/// A scorer that knows the truth and errs as stated in [`WRONG`]. The same
/// pixels always get the same answer.
pub struct Canned {
    identity: Identity,
    truth: Truth,
}

impl Canned {
    /// A scorer for pairs whose true grades `truth` knows.
    #[must_use]
    pub fn new(
        protocol: Protocol,
        truth: impl Fn(&Pair) -> Option<Vec<Grade>> + Send + Sync + 'static,
    ) -> Canned {
        let bundle = blake3::hash(b"canned answers, 1").to_hex().to_string();
        let identity = Identity { bundle, protocol, origin: Origin::Canned };
        Canned { identity, truth: Box::new(truth) }
    }

    /// A scorer for the phantoms of a room, known by their pixels.
    #[must_use]
    pub fn of_room(store: Store, protocol: Protocol) -> Canned {
        let known = protocol.clone();
        Canned::new(protocol, move |pair| truth_of(&store, &known, pair).ok().flatten())
    }

    /// The vote of each model, `votes[measurement][model]`.
    fn votes(&self, pair: &Pair) -> Result<Vec<Vec<Grade>>, ScoreError> {
        let truth = (self.truth)(pair).ok_or_else(|| {
            Problem::new("canned answers are derived from the truth of phantoms, and this is none")
        })?;
        let mut rng = rng_of(pair, "votes");
        let measurements = self.identity.protocol.measurements();
        let votes = measurements.iter().zip(truth).map(|(measurement, truth)| {
            let mut vote = || {
                let errs = rng.random_bool(WRONG);
                let up = rng.random_bool(0.5);
                match (errs, up) {
                    (false, _) => truth,
                    (true, true) => (truth + 1).min(measurement.grades - 1),
                    (true, false) => truth.saturating_sub(1),
                }
            };
            (0..MODELS).map(|_| vote()).collect()
        });
        Ok(votes.collect())
    }

    fn probabilities(&self, pair: &Pair) -> Result<Vec<Probability>, ScoreError> {
        let votes = self.votes(pair)?;
        let mut rng = rng_of(pair, "probabilities");
        let mut all = Vec::new();
        for (measurement, votes) in self.identity.protocol.measurements().iter().zip(&votes) {
            for above in 0..measurement.tasks() {
                for (fold, &vote) in (1..).zip(votes) {
                    for seed in 1..=SEEDS {
                        let sure: f64 = rng.random_range(0.0..1.0);
                        let probability =
                            if vote > above { 0.6 + 0.39 * sure } else { 0.4 - 0.39 * sure };
                        let measurement = measurement.short.clone();
                        let network = NetworkId { measurement, above, fold, seed };
                        all.push(Probability { network, probability, threshold: 0.5 });
                    }
                }
            }
        }
        Ok(all)
    }
}

impl Scorer for Canned {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn score(
        &self,
        pairs: &[Pair],
        control: &dyn Control,
    ) -> Result<Vec<Vec<Probability>>, ScoreError> {
        let mut answers = Vec::new();
        for pair in pairs {
            if control.cancelled() {
                return Err(ScoreError::Cancelled);
            }
            answers.push(self.probabilities(pair)?);
            control.progress(answers.len(), pairs.len());
        }
        Ok(answers)
    }

    /// Soft spots where joints usually are: they explain nothing.
    fn explain(
        &self,
        pair: &Pair,
        _how: &How,
        control: &dyn Control,
    ) -> Result<Explanation, ScoreError> {
        let protocol = &self.identity.protocol;
        let heatmap = protocol.heatmap();
        let explained = heatmap
            .and_then(|heatmap| Some((protocol.measurement(&heatmap.measurement)?, heatmap.above)));
        let (measurement, above) =
            explained.ok_or_else(|| Problem::new("the protocol names no decision to explain"))?;
        let short = &protocol.measurements()[measurement].short;
        let modalities = protocol.modalities_of(measurement).to_vec();
        let asked = |answer: &Probability| {
            answer.network.measurement == *short && answer.network.above == above
        };
        let answers = self.probabilities(pair)?.into_iter().filter(asked);
        let mut rng = rng_of(pair, "maps");
        let networks = answers.map(|answer| NetworkMaps {
            signed: modalities.iter().map(|_| spot(answer.bit(), &mut rng)).collect(),
            network: answer.network,
            probability: answer.probability,
            class: 1,
            completeness: None,
        });
        let networks: Vec<NetworkMaps> = networks.collect();
        control.progress(1, 1);
        Ok(Explanation { side_px: SIDE, modalities, networks, evaluations: 0 })
    }
}

/// A soft spot, or its negative.
fn spot(is_positive: bool, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let centre = [rng.random_range(0.4..0.6), rng.random_range(0.35..0.55)];
    let sign = if is_positive { 1.0 } else { -1.0 };
    let value = |at: usize| {
        let place = |cell: usize| (cell as f32 + 0.5) / SIDE as f32;
        let (x, y): (f32, f32) = (place(at % SIDE) - centre[0], place(at / SIDE) - centre[1]);
        sign * (-(x * x / 0.045 + y * y / 0.012)).exp()
    };
    (0..SIDE * SIDE).map(value).collect()
}

/// Chance that depends on the pixels alone.
fn rng_of(pair: &Pair, part: &str) -> ChaCha8Rng {
    let mut seed = Seed::new(0);
    for view in pair.views() {
        seed = seed.child(blake3::Hash::from_bytes(pixel_hash(view.image())).to_hex());
    }
    ChaCha8Rng::from_seed(seed.child(part).bytes())
}

/// The true grades of a phantom of the room that has these pixels.
fn truth_of(
    store: &Store,
    protocol: &Protocol,
    pair: &Pair,
) -> Result<Option<Vec<Grade>>, Refusal> {
    let Some(view) = pair.views().first() else { return Ok(None) };
    let hash = pixel_hash(view.image());
    store.read_now(|db| {
        let sql = "SELECT pairs.row FROM views JOIN pairs ON pairs.id = views.pair
                   WHERE (source = ?1 OR image = ?1) AND removed IS NULL LIMIT 1";
        let row: Option<String> =
            db.prepare_cached(sql)?.query_row([hash], |row| row.get(0)).optional()?;
        let Some(row) = row else { return Ok(None) };
        let row = row_of(&row, protocol)?;
        Ok(row.all_grades().filter(|_| row.origin == Origin::Phantom))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rating::scores::{Method, decide};
    use rating::{Roi, View};
    use rating_frozen::Uncontrolled;

    fn pair(shade: u8) -> Pair {
        let image = image::RgbImage::from_pixel(20, 20, image::Rgb([shade; 3]));
        let view = View::new(image, Roi::new([0, 0, 20, 20]).unwrap()).unwrap();
        Pair::new("p", vec![view.clone(), view], &Protocol::eoss()).unwrap()
    }

    #[test]
    fn answers_err_as_often_as_stated_and_stay_the_same() {
        let canned = Canned::new(Protocol::eoss(), |_| Some(vec![2, 1]));
        let (mut wrong, mut votes) = (0, 0);
        for shade in 0..200 {
            let found = canned.votes(&pair(shade)).unwrap();
            wrong += found[0].iter().filter(|&&vote| vote != 2).count();
            votes += found[0].len();
        }
        let share = wrong as f64 / votes as f64;
        assert!((share - WRONG).abs() < 0.05, "{share}");
        let ask = || canned.score(&[pair(3)], &Uncontrolled).unwrap();
        assert_eq!(ask(), ask());
        let decision = decide(&Protocol::eoss(), &ask()[0], Method::Multitude).unwrap();
        assert_eq!(decision.all_votes().unwrap(), canned.votes(&pair(3)).unwrap());
    }

    #[test]
    fn only_phantoms_have_canned_answers() {
        let canned = Canned::new(Protocol::eoss(), |_| None);
        assert_eq!(canned.identity().origin, Origin::Canned);
        let refused = canned.score(&[pair(1)], &Uncontrolled).unwrap_err();
        assert!(refused.to_string().contains("phantoms"), "{refused}");
    }

    #[test]
    fn maps_have_their_place() {
        let canned = Canned::new(Protocol::eoss(), |_| Some(vec![2, 1]));
        let explained = canned.explain(&pair(1), &How::default(), &Uncontrolled).unwrap();
        assert_eq!((explained.networks.len(), explained.modalities.len()), (10, 2));
        assert!(explained.shown(0).iter().any(|&value| value > 0.5));
    }
}
