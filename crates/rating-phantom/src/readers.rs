//! Simulated readers: three grade every pair on their own, discuss where they
//! differ, and a fourth, senior one decides where they still do.

use rating::{Grade, Seed};

use crate::chance::Chance;
use crate::latent::Latent;

/// What a picture leaves open for everybody, on the scale of grades.
const SHARED_NOISE: [f64; 2] = [0.08, 0.08];
/// What each reader adds at each reading.
const OWN_NOISE: [f64; 2] = [0.33, 0.24];
/// Deviation of the readers' habits: who grades high, who low.
const HABIT: [f64; 2] = [0.06, 0.04];
/// What the senior reader adds.
const SENIOR_NOISE: [f64; 2] = [0.10, 0.06];
/// What is left of a difference of opinion after a discussion.
const AFTER_DISCUSSION: f64 = 0.15;
/// How often a reader misses the few spots of vascularity 1.
const MISSED: f64 = 0.12;

/// Both grades of a joint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grades {
    /// Synovial hypertrophy, 0 to 3.
    pub synovial_hypertrophy: Grade,
    /// Vascularity, 0 to 3.
    pub vascularity: Grade,
}

impl Grades {
    /// The higher of the two.
    #[must_use]
    pub fn combined(self) -> Grade {
        self.synovial_hypertrophy.max(self.vascularity)
    }
}

/// When a reading was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Each of three readers alone.
    First,
    /// The three again after discussing a pair on which they differed.
    Consensus,
    /// A senior reader, where they still differed.
    Adjudication,
}

impl Stage {
    /// The word used in `readings.csv`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Stage::First => "first",
            Stage::Consensus => "consensus",
            Stage::Adjudication => "adjudication",
        }
    }
}

/// One reader's grades of one pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Who: `reader-1` to `reader-3`, or `reader-4`, the senior one.
    pub reader_id: String,
    /// When.
    pub stage: Stage,
    /// What.
    pub grades: Grades,
    /// Simulated time, ISO 8601.
    pub time: String,
}

/// What all readings of a pair come to.
pub(crate) struct Panel {
    pub readings: Vec<Reading>,
    pub reference: Grades,
}

/// Habits of the readers of a study: they are the same for every cohort.
struct Habits([[f64; 2]; 3]);

impl Habits {
    fn of_study(study: Seed) -> Habits {
        let mut chance = Chance::new(study.child("phantom readers"));
        Habits([(); 3].map(|()| HABIT.map(|deviation| deviation * chance.standard_normal())))
    }
}

/// An opinion on the scale of grades, before it becomes a whole grade.
#[derive(Clone, Copy)]
struct Opinion {
    values: [f64; 2],
    misses: bool,
}

impl Opinion {
    /// The grades of an opinion about a joint that shows this vascularity.
    fn grades(self, shown_vascularity: Grade) -> Grades {
        let whole = |value: f64| value.floor().clamp(0.0, 3.0) as Grade;
        let least = shown_vascularity.saturating_sub(1);
        let mut vascularity = whole(self.values[1]).clamp(least, shown_vascularity + 1).min(3);
        if self.misses && shown_vascularity == 1 {
            vascularity = 0;
        }
        let mut synovial_hypertrophy = whole(self.values[0]);
        if vascularity > 0 {
            // Flow counts in synovium only: who sees flow there sees synovium.
            synovial_hypertrophy = synovial_hypertrophy.max(1);
        }
        Grades { synovial_hypertrophy, vascularity }
    }
}

impl Panel {
    /// The readings of a pair.
    pub fn read(latent: Latent, study: Seed, chance: &mut Chance) -> Panel {
        let shown = latent.vascularity.floor() as Grade;
        let severity = [latent.hypertrophy, latent.vascularity];
        let common: [f64; 2] =
            [0, 1].map(|at| severity[at] + SHARED_NOISE[at] * chance.standard_normal());
        let opinions = Habits::of_study(study).0.map(|habit| Opinion {
            values: [0, 1]
                .map(|at| common[at] + habit[at] + OWN_NOISE[at] * chance.standard_normal()),
            misses: chance.happens(MISSED),
        });
        let mut clock = Clock::draw(chance);
        let first = opinions.map(|opinion| opinion.grades(shown));
        let mut readings = by_three(Stage::First, &first, &mut clock);
        if let Some(reference) = agreed(&first) {
            return Panel { readings, reference };
        }
        let discussed = discuss(&opinions).map(|opinion| opinion.grades(shown));
        readings.extend(by_three(Stage::Consensus, &discussed, &mut clock));
        if let Some(reference) = agreed(&discussed) {
            return Panel { readings, reference };
        }
        let senior = Opinion {
            values: [0, 1].map(|at| common[at] + SENIOR_NOISE[at] * chance.standard_normal()),
            misses: false,
        };
        let reference = senior.grades(shown);
        readings.push(Reading {
            reader_id: "reader-4".to_owned(),
            stage: Stage::Adjudication,
            grades: reference,
            time: clock.next(),
        });
        Panel { readings, reference }
    }
}

/// Opinions after a discussion: most of the way to their mean, and spots that
/// most missed stay missed.
fn discuss(opinions: &[Opinion; 3]) -> [Opinion; 3] {
    let mean =
        [0, 1].map(|at| opinions.iter().map(|opinion| opinion.values[at]).sum::<f64>() / 3.0);
    let misses = opinions.iter().filter(|opinion| opinion.misses).count() >= 2;
    opinions.map(|opinion| Opinion {
        values: [0, 1].map(|at| mean[at] + AFTER_DISCUSSION * (opinion.values[at] - mean[at])),
        misses,
    })
}

fn agreed(grades: &[Grades; 3]) -> Option<Grades> {
    grades.iter().all(|other| *other == grades[0]).then_some(grades[0])
}

fn by_three(stage: Stage, grades: &[Grades; 3], clock: &mut Clock) -> Vec<Reading> {
    (1..)
        .zip(grades)
        .map(|(number, &grades)| Reading {
            reader_id: format!("reader-{number}"),
            stage,
            grades,
            time: clock.next(),
        })
        .collect()
}

/// A simulated clock of office hours in one made-up month, so that files have
/// times; it says nothing about how long reading takes.
struct Clock {
    day: u32,
    minute: u32,
}

impl Clock {
    fn draw(chance: &mut Chance) -> Clock {
        Clock { day: 1 + chance.below(20) as u32, minute: 8 * 60 + chance.below(8 * 60) as u32 }
    }

    /// The present, which then moves on.
    fn next(&mut self) -> String {
        let now =
            format!("2020-01-{:02}T{:02}:{:02}:00Z", self.day, self.minute / 60, self.minute % 60);
        self.minute += 1;
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panels(count: usize) -> Vec<(Latent, Panel)> {
        let study = Seed::new(12);
        let mut chance = Chance::new(Seed::new(13));
        (0..count)
            .map(|_| {
                let activity = chance.standard_normal();
                let latent = Latent::draw(activity, &mut chance);
                (latent, Panel::read(latent, study, &mut chance))
            })
            .collect()
    }

    fn share(panels: &[(Latent, Panel)], holds: impl Fn(&(Latent, Panel)) -> bool) -> f64 {
        panels.iter().filter(|panel| holds(panel)).count() as f64 / panels.len() as f64
    }

    #[test]
    fn two_readers_agree_as_often_as_readers_do() {
        let panels = panels(4000);
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            let agreement = share(&panels, |(_, panel)| {
                panel.readings[one].grades.combined() == panel.readings[other].grades.combined()
            });
            assert!((0.60..0.85).contains(&agreement), "{one} {other}: {agreement}");
        }
    }

    #[test]
    fn the_reference_differs_from_the_truth_as_often_as_the_recipe_says() {
        let panels = panels(4000);
        let hypertrophy = share(&panels, |(latent, panel)| {
            panel.reference.synovial_hypertrophy != latent.hypertrophy.floor() as Grade
        });
        let vascularity = share(&panels, |(latent, panel)| {
            panel.reference.vascularity != latent.vascularity.floor() as Grade
        });
        assert!((0.05..0.10).contains(&hypertrophy), "{hypertrophy}");
        assert!((0.025..0.07).contains(&vascularity), "{vascularity}");
    }

    #[test]
    fn no_reader_sees_flow_without_synovium_and_few_pairs_need_a_fourth_reader() {
        let panels = panels(4000);
        for (_, panel) in &panels {
            for reading in &panel.readings {
                let Grades { synovial_hypertrophy, vascularity } = reading.grades;
                assert!(synovial_hypertrophy > 0 || vascularity == 0);
            }
        }
        let adjudicated = share(&panels, |(_, panel)| {
            panel.readings.iter().any(|reading| reading.stage == Stage::Adjudication)
        });
        assert!((0.005..0.12).contains(&adjudicated), "{adjudicated}");
    }
}
