//! Where maps lie, on phantoms, whose anatomy is known.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::heatmap::audit::{HEATMAP, Place};
use rating::heatmap::truth::{
    centred_gaussian, coverage, edges, points_inside, random, share_inside,
};
use rating::{Problem, Protocol, Seed};

use super::Audited;
use crate::data::ManifestFile;
use crate::failure::Failure;

/// What phantoms tell: the structure's mask, the modality in whose pixels it
/// is, the measurement whose grade goes with it.
const STRUCTURES: [(&str, &str, &str); 2] =
    [("synovium", "grayscale", "synovial_hypertrophy"), ("flow", "doppler", "vascularity")];

/// Compares the maps of each pair with its truth masks, where it has some.
pub fn find(
    audited: &mut [Audited<'_>],
    file: &ManifestFile,
    protocol: &Protocol,
) -> Result<(), Failure> {
    for audited in audited {
        for (structure, modality, measurement) in STRUCTURES {
            let names = protocol.modalities().iter();
            let position = names.clone().position(|known| known.name == modality);
            let at = audited.modalities.iter().position(|at| Some(*at) == position);
            let (Some(position), Some(at)) = (position, at) else { continue };
            let pair = &audited.row.pair_id;
            let Some(mask) = file.truth(pair, structure)? else { continue };
            let roi = audited.row.views[position].roi;
            let side = audited.side_px;
            let inside = coverage(&mask, roi, side).ok_or_else(|| {
                let what = format!("pair {pair}: the mask of {structure} is smaller than the ROI");
                Problem::new(what).in_file(file.name.clone())
            })?;
            if inside.iter().all(|&covered| covered <= 0.0) {
                continue; // nothing to lie in
            }
            let grade = protocol.measurement(measurement).and_then(|at| audited.row.grades[at]);
            audited.pair.places.push(place(audited, at, position, structure, grade, &inside));
        }
    }
    Ok(())
}

fn place(
    audited: &Audited<'_>,
    at: usize,
    position: usize,
    structure: &str,
    grade: Option<u8>,
    inside: &[f32],
) -> Place {
    let side = audited.side_px;
    let seed = Seed::new(1).child("random map").child(&audited.row.pair_id).child(structure);
    let mut rng = ChaCha8Rng::from_seed(seed.bytes());
    let maps = [
        (HEATMAP, audited.maps.shown[at].clone()),
        ("raw map, positive part", audited.maps.raw[at].clone()),
        ("centred Gaussian", centred_gaussian(side)),
        ("edge detector", edges(&audited.inputs.pictures()[position])),
        ("random map", random(side, &mut rng)),
        ("mask's share of the ROI", vec![1.0; side * side]),
    ];
    let mut place = Place {
        structure: structure.to_owned(),
        grade,
        shares: BTreeMap::new(),
        points: BTreeMap::new(),
    };
    for (kind, map) in &maps {
        place.shares.insert((*kind).to_owned(), share_inside(map, inside).ok());
        // A map that is the same everywhere points nowhere.
        let points = map.iter().any(|value| value != &map[0]);
        let points = points.then(|| points_inside(map, inside).ok()).flatten();
        place.points.insert((*kind).to_owned(), points);
    }
    place
}
