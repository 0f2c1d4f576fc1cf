//! Colours of flow, as machines paint it over the gray picture.
//!
//! Every colour is saturated (above 60 %) and bright (largest channel above
//! 90), so that the method's Doppler mask finds all of it.

use image::Rgb;

use crate::chance::Chance;
use crate::frame::{Frame, HEIGHT, WIDTH};
use crate::grid::{Map, noise};
use crate::mask::Mask;
use rating::manifest::DopplerMode;

/// A palette: colours at equal steps of brightness.
type Palette = [[f32; 3]; 3];

const TOWARDS: Palette = [[140.0, 14.0, 8.0], [235.0, 60.0, 12.0], [255.0, 226.0, 60.0]];
const AWAY: Palette = [[14.0, 22.0, 140.0], [20.0, 80.0, 235.0], [60.0, 222.0, 255.0]];
const POWER: Palette = [[108.0, 8.0, 0.0], [236.0, 104.0, 0.0], [255.0, 220.0, 60.0]];

/// The colour at a brightness from 0 to 1.
fn colour(palette: &Palette, brightness: f32) -> Rgb<u8> {
    let place = brightness.clamp(0.0, 1.0) * 2.0;
    let step = (place as usize).min(1);
    let share = place - step as f32;
    let mix = |channel: usize| {
        let (from, to) = (palette[step][channel], palette[step + 1][channel]);
        (from + share * (to - from)).round() as u8
    };
    Rgb([mix(0), mix(1), mix(2)])
}

/// The colour bar beside a picture: what stands at a height from -1 to 1.
pub(crate) fn bar_colour(mode: DopplerMode, height: f32) -> Rgb<u8> {
    match mode {
        DopplerMode::Pdus => colour(&POWER, 0.5 + 0.5 * height),
        DopplerMode::Cdus if height >= 0.0 => colour(&TOWARDS, height),
        DopplerMode::Cdus => colour(&AWAY, -height),
    }
}

/// The colour of each pixel of the scan that shows flow.
pub(crate) fn paint(
    flow: &Mask,
    frame: Frame,
    mode: DopplerMode,
    chance: &mut Chance,
) -> Vec<(usize, Rgb<u8>)> {
    let direction = noise(WIDTH, HEIGHT, frame.px(0.9), frame.px(0.7), chance);
    let grain = noise(WIDTH, HEIGHT, frame.px(0.12), frame.px(0.10), chance);
    let depth = inner_share(flow, frame);
    let bias = chance.normal(0.3, 0.5);
    let pixels = (0..flow.set.len()).filter(|&at| flow.set[at]);
    pixels
        .map(|at| {
            let brightness = 1.6 * (depth.values[at] - 0.45) + 0.22 * grain.values[at] + 0.12;
            let palette = match mode {
                DopplerMode::Pdus => &POWER,
                DopplerMode::Cdus if direction.values[at] + bias >= 0.0 => &TOWARDS,
                DopplerMode::Cdus => &AWAY,
            };
            (at, colour(palette, brightness))
        })
        .collect()
}

/// How far inside its spot a pixel lies: the blurred mask.
fn inner_share(flow: &Mask, frame: Frame) -> Map {
    flow.as_map().blurred(frame.px(0.16), frame.px(0.14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_is_saturated_and_bright() {
        for palette in [TOWARDS, AWAY, POWER] {
            for step in 0..=100 {
                let Rgb(channels) = colour(&palette, step as f32 / 100.0);
                let (most, least) =
                    (channels.iter().max().unwrap(), channels.iter().min().unwrap());
                let saturation = 1.0 - f32::from(*least) / f32::from(*most);
                assert!(saturation > 0.6 && *most > 90, "{channels:?}");
            }
        }
    }
}
