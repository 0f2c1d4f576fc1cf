//! `rating explain --audit`: can the heatmaps of a cohort be trusted?

mod places;

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::heatmap::audit::{Audit, Likeness, Occlusion, PairAudit, summarise};
use rating::heatmap::{caption, likeness};
use rating::manifest::Row;
use rating::stats::bootstrap::SAMPLES;
use rating::words::counted;
use rating::{Origin, Seed};
use rating_frozen::audit::MeanMaps;
use rating_frozen::audit::occlusion::{Replace, order_of};
use rating_frozen::audit::randomised::STAGES;
use rating_frozen::explain::{How, Mode, NetworkMaps};
use rating_frozen::{CpuScorer, Inputs, Scorer};
use rating_report::{AuditPage, Fact, audit_page};
use serde::Serialize;

use crate::args::ExplainArgs;
use crate::commands::pairs::{self, BarControl};
use crate::data::{LoadedPair, ManifestFile};
use crate::failure::Failure;
use crate::{commands, files};

/// Orders of chance that a map's order is compared with.
const RANDOM_ORDERS: usize = 3;

/// A logit that changes by less than this has nothing to be explained.
const LEAST_LOGIT_CHANGE: f64 = 0.1;

/// What `audit.json` says.
#[derive(Debug, Serialize)]
struct AuditFile<'a> {
    schema: &'static str,
    origin: Origin,
    research_use_only: bool,
    bundle: &'a str,
    protocol: &'a str,
    cohort: Option<&'a str>,
    caption: String,
    settings: How,
    bootstrap_samples: usize,
    figures: &'a Audit,
    pairs: &'a [PairAudit],
}

/// A pair that is audited.
struct Audited<'m> {
    row: &'m Row,
    inputs: Inputs,
    /// The modalities explained, as positions in the protocol.
    modalities: Vec<usize>,
    side_px: usize,
    maps: MeanMaps,
    pair: PairAudit,
}

pub fn run(
    args: &ExplainArgs,
    file: &ManifestFile,
    scorer: &CpuScorer,
    how: How,
) -> Result<(), Failure> {
    let identity = scorer.identity();
    let keep = |_: &Row, loaded: &LoadedPair| scorer.prepare(&loaded.pair);
    let cohort = args.pairs.cohort.as_deref();
    let loaded = pairs::load(file, cohort, &identity.protocol, keep)?;
    let mut audited = Vec::with_capacity(loaded.len());
    let explaining = Explaining::new(scorer, how, loaded.len());
    for (position, inputs) in loaded {
        let row = &file.manifest.rows[position];
        audited.push(explaining.pair(row, inputs?, audited.len())?);
    }
    explaining.control.finish();
    randomise(&mut audited, scorer, how)?;
    occlude(&mut audited, scorer, how)?;
    places::find(&mut audited, file, &identity.protocol)?;

    let pairs: Vec<PairAudit> = audited.iter().map(|audited| audited.pair.clone()).collect();
    let seed = Seed::new(how.seed).child("audit").child("bootstrap");
    let mut rng = ChaCha8Rng::from_seed(seed.bytes());
    let audit = summarise(&pairs, &STAGES, SAMPLES, &mut rng);
    let origin = audited.iter().map(|audited| audited.row.origin).max();
    let audit_file = AuditFile {
        schema: "rating.audit/1",
        origin: origin.map_or(identity.origin, |origin| origin.with(identity.origin)),
        research_use_only: true,
        bundle: &identity.bundle,
        protocol: identity.protocol.name(),
        cohort,
        caption: caption(&identity.protocol).unwrap_or_default(),
        settings: how,
        bootstrap_samples: SAMPLES,
        figures: &audit,
        pairs: &pairs,
    };
    write(args, &audit_file)
}

fn write(args: &ExplainArgs, audit: &AuditFile<'_>) -> Result<(), Failure> {
    let json =
        serde_json::to_string_pretty(audit).map_err(|error| Failure::Bug(error.to_string()))?;
    files::write(&args.out.join("audit.json"), (json + "\n").as_bytes())?;
    let how = &audit.settings;
    let page = audit_page(&AuditPage {
        origin: audit.origin,
        audit: audit.figures,
        caption: &audit.caption,
        facts: &[
            Fact::new("cohort", audit.cohort.unwrap_or("all pairs of the manifest")),
            Fact::new("mode, variant", format!("{:?}, {:?}", how.mode, how.variant).to_lowercase()),
            Fact::new("seed", how.seed.to_string()).note("noise, random weights, bootstrap"),
            Fact::new("bundle", audit.bundle),
        ],
    });
    files::write(&args.out.join("audit.html"), page.as_bytes())?;
    if args.json {
        return commands::print_json(audit);
    }
    commands::print(&format!(
        "{} audited; look at {}\n{}",
        counted(audit.pairs.len(), "pair", "pairs"),
        args.out.join("audit.html").display(),
        commands::warning(Some(audit.origin))
    ))
}

/// Maps of the pairs, twice with different noise.
struct Explaining<'s> {
    scorer: &'s CpuScorer,
    how: How,
    control: BarControl,
    /// Noisy copies of one map.
    copies: usize,
}

impl Explaining<'_> {
    fn new(scorer: &CpuScorer, how: How, pairs: usize) -> Explaining<'_> {
        let copies = scorer.deciding_networks().map_or(0, |networks| networks.len());
        let copies = copies * how.recipe().copies;
        let control = BarControl::new("following gradients", 2 * copies * pairs);
        Explaining { scorer, how, control, copies }
    }

    fn pair<'m>(
        &self,
        row: &'m Row,
        inputs: Inputs,
        number: usize,
    ) -> Result<Audited<'m>, Failure> {
        let explain = |time: usize| {
            self.control.continue_from((2 * number + time) * self.copies);
            let (recipe, seed) = (self.how.recipe(), self.how.seed.wrapping_add(time as u64));
            self.scorer.explain_inputs(&row.pair_id, &inputs, &recipe, seed, &self.control)
        };
        let (first, second) = (explain(0)?, explain(1)?);
        let modalities = self.scorer.identity().protocol.modalities();
        let repeated = first.modalities.iter().enumerate().map(|(at, &position)| {
            let likeness = likeness::pearson(&first.raw(at), &second.raw(at)).ok();
            (modalities[position].name.clone(), likeness)
        });
        let pair = PairAudit {
            pair_id: row.pair_id.clone(),
            patient: row.patient_id.clone(),
            completeness: first.networks.iter().map(share_missed).collect(),
            repeated: repeated.collect(),
            randomised: BTreeMap::new(),
            occlusion: Occlusion::default(),
            places: Vec::new(),
        };
        let (modalities, side_px) = (first.modalities.clone(), first.side_px);
        Ok(Audited { row, inputs, modalities, side_px, maps: MeanMaps::of(&first), pair })
    }
}

/// How far a network's attributions miss the change of its logit.
fn share_missed(maps: &NetworkMaps) -> Option<f64> {
    let completeness = maps.completeness.as_ref()?;
    let change = completeness.logit_change.abs();
    (change >= LEAST_LOGIT_CHANGE).then(|| completeness.error().abs() / change)
}

/// Compares fast maps with those of networks that forget.
fn randomise(audited: &mut [Audited<'_>], scorer: &CpuScorer, how: How) -> Result<(), Failure> {
    let recipe = How { mode: Mode::Fast, ..how }.recipe();
    let copies = scorer.deciding_networks()?.len() * recipe.copies * audited.len();
    let control = BarControl::new("random weights", copies * (STAGES.len() + 1));
    let maps_of = |audited: &[Audited<'_>], stages: usize| {
        control.continue_from(stages * copies);
        let pairs: Vec<(&str, &Inputs)> =
            audited.iter().map(|audited| (audited.row.pair_id.as_str(), &audited.inputs)).collect();
        scorer.explain_randomised(&pairs, &recipe, stages, how.seed, &control)
    };
    let original = maps_of(audited, 0)?;
    let modalities = scorer.identity().protocol.modalities();
    for stages in 1..=STAGES.len() {
        let random = maps_of(audited, stages)?;
        for (audited, (original, random)) in audited.iter_mut().zip(original.iter().zip(&random)) {
            for (at, &position) in audited.modalities.iter().enumerate() {
                let alike = Likeness {
                    pearson: likeness::pearson(&original.raw[at], &random.raw[at]).ok(),
                    structural: {
                        let (original, random) = (&original.shown[at], &random.shown[at]);
                        likeness::structural(original, random, audited.side_px).ok()
                    },
                };
                let name = modalities[position].name.clone();
                audited.pair.randomised.entry(name).or_default().push(alike);
            }
        }
    }
    control.finish();
    Ok(())
}

/// Takes each pair apart and puts it together, in its map's order and at random.
fn occlude(audited: &mut [Audited<'_>], scorer: &CpuScorer, how: How) -> Result<(), Failure> {
    let networks = scorer.deciding_networks()?.len();
    let control = BarControl::new("taking pairs apart", networks * audited.len());
    for (number, audited) in audited.iter_mut().enumerate() {
        control.continue_from(number * networks);
        let by_map = order_of(&audited.maps.raw, audited.side_px);
        let mut orders = Vec::new();
        for replace in [Replace::Image, Replace::Baseline] {
            orders.push((replace, by_map.clone()));
            for chance in 0..RANDOM_ORDERS {
                let seed = Seed::new(how.seed).child("audit").child(&audited.row.pair_id);
                let mut rng = ChaCha8Rng::from_seed(seed.child(chance).bytes());
                orders.push((replace, shuffled(by_map.len(), &mut rng)));
            }
        }
        let mut curves = scorer.occluded(&audited.inputs, &orders, &control)?;
        let insertion = curves.split_off(1 + RANDOM_ORDERS);
        audited.pair.occlusion = Occlusion {
            deletion_random: mean_of(&curves[1..]),
            insertion_random: mean_of(&insertion[1..]),
            deletion: curves.swap_remove(0),
            insertion: insertion.into_iter().next().unwrap_or_default(),
        };
    }
    control.finish();
    Ok(())
}

/// Numbers below `count` in random order.
fn shuffled(count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    use rand::seq::SliceRandom;
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(rng);
    order
}

fn mean_of(curves: &[Vec<f64>]) -> Vec<f64> {
    let steps = curves.iter().map(Vec::len).min().unwrap_or(0);
    let at = |step: usize| curves.iter().map(|curve| curve[step]).sum::<f64>();
    (0..steps).map(|step| at(step) / curves.len() as f64).collect()
}
