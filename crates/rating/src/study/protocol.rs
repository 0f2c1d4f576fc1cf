//! The protocol of a study, as its file writes it.

use serde::{Deserialize, Serialize};

use super::check;
use super::schedule::share_of;
use crate::protocol::toml_problem;
use crate::stats::Merit;
use crate::words::counted;
use crate::{Problem, Protocol};

/// Everything that is fixed before the first reading of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyProtocol {
    /// Short name, for files.
    pub name: String,
    /// Title, for people.
    pub title: String,
    /// Counts the protocol's amendments, from 1.
    #[serde(default = "first")]
    pub version: u32,
    /// Root of everything that is drawn: orders, groups, repeats, altered answers.
    pub seed: u64,
    /// What is read.
    pub cases: Cases,
    /// Who reads which arm when.
    pub design: Design,
    /// What readers see, at least one.
    pub arms: Vec<Arm>,
    /// Who reads.
    pub readers: Vec<Reader>,
    /// Answers that are wrong on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altered: Option<AlteredAnswers>,
    /// What will be computed.
    #[serde(default)]
    pub analysis: Analysis,
}

fn first() -> u32 {
    1
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    /// The cohort of the manifest whose pairs are the cases.
    pub cohort: String,
    /// How much of the images is shown.
    #[serde(default)]
    pub images: Images,
}

/// How much of the images is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Images {
    /// Whole images with the ROI drawn on them (paper, "Reader study").
    #[default]
    WholeWithRoi,
    /// Only what lies in the ROI.
    RoiOnly,
}

/// Who reads which arm when, and within which times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// Which reader has which arm in which session.
    pub kind: DesignKind,
    /// Days between a reader's last reading of a session and the first of the next.
    #[serde(default)]
    pub washout_days: u32,
    /// Share of the cases, in [0, 0.5], rounded down, that a reader is shown a second
    /// time in the same session without being told, to measure agreement with oneself.
    #[serde(default)]
    pub repeats: f64,
    /// Seconds of work after which a reading is marked as over time; none is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_a_case: Option<u32>,
    /// Seconds without a key or a movement after which a reader does not work.
    #[serde(default = "idle")]
    pub idle_seconds: u32,
    /// Whether readers may say that a case cannot be graded, with a reason. In the
    /// paper's studies every case was graded, and so it is where nothing is said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cannot_grade: bool,
}

fn idle() -> u32 {
    60
}

/// Which reader has which arm in which session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DesignKind {
    /// Every reader has every arm, in the order of the file. Order and arm are
    /// confounded: what is learned on the way looks like a gain of the later arm.
    Sequential,
    /// Every reader has every arm; groups of readers begin with different ones
    /// (a Latin square), so that order and arm can be told apart.
    Crossover,
    /// Every reader has one arm.
    Parallel,
}

/// What readers see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Its name, for files.
    pub name: String,
    /// What of the system's answer is shown.
    pub shows: Shows,
    /// Whether readers give their own grades before they are shown the answer;
    /// both are kept.
    #[serde(default)]
    pub own_grades_first: bool,
}

/// What of the system's answer an arm shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shows {
    /// Nothing: nothing is sent, either.
    Nothing,
    /// Grades and votes.
    Grades,
    /// Grades, votes and heatmaps (paper, Figure 5).
    GradesAndHeatmap,
}

/// Who reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    /// The name that stands in every table, such as `R1`: not a person's.
    pub name: String,
    /// Years of experience with ultrasound (paper, Table S17).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<f64>,
    /// The group of a crossover or the arm of a parallel study, from 1; drawn
    /// from the seed where the file names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<usize>,
}

/// Answers that are wrong on purpose, to measure how far readers trust them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlteredAnswers {
    /// Share of a reader's cases in an arm that shows answers, in (0, 0.5], rounded
    /// down: no more is altered than was approved.
    pub share: f64,
    /// How an answer is altered.
    pub rule: Rule,
    /// The approval of an ethics committee: whose, number, date. Readers are
    /// told when the study is closed.
    pub ethics_approval: String,
}

/// How an answer is altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// One grade higher.
    OneUp,
    /// One grade lower.
    OneDown,
    /// One grade higher or lower, drawn.
    OneOff,
}

/// What will be computed, fixed before the first reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Analysis {
    /// What is judged first: a measurement's name, or `combined`.
    pub measurement: String,
    /// By which figure.
    pub figure: Merit,
    /// The arm that is hoped to be better; the last of the file where none is named.
    pub arm: Option<String>,
    /// The arm it is compared with; the first of the file where none is named.
    pub against: Option<String>,
    /// The difference in the figure below which nobody would care.
    pub smallest_difference: Option<f64>,
    /// Bootstrap samples of patients.
    pub samples: usize,
}

impl Default for Analysis {
    fn default() -> Analysis {
        Analysis {
            measurement: "combined".to_owned(),
            figure: Merit::Accuracy,
            arm: None,
            against: None,
            smallest_difference: None,
            samples: 1000,
        }
    }
}

impl StudyProtocol {
    /// Reads a protocol file.
    ///
    /// # Errors
    /// Everything wrong with it, each with its row and key: unknown keys, names
    /// twice, numbers out of range, altered answers without an approval.
    pub fn from_toml(text: &str) -> Result<StudyProtocol, Vec<Problem>> {
        let protocol: StudyProtocol =
            toml::from_str(text).map_err(|error| vec![toml_problem(text, &error)])?;
        let problems = check::problems(&protocol, text);
        if problems.is_empty() { Ok(protocol) } else { Err(problems) }
    }

    /// Whether what it asks for can be asked where this is graded.
    ///
    /// # Errors
    /// A measurement or a cut-off that is not graded; an arm that shows heatmaps
    /// where there are none.
    pub fn check_for(&self, graded: &Protocol) -> Result<(), Vec<Problem>> {
        let problems = check::problems_for(self, graded);
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The protocol as a file; equal protocols are equal texts.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a study protocol is plain data")
    }

    /// BLAKE3 of [`StudyProtocol::to_toml`], as hexadecimal digits: what was
    /// registered is what was done.
    #[must_use]
    pub fn hash(&self) -> String {
        blake3::hash(self.to_toml().as_bytes()).to_hex().to_string()
    }

    /// How often every reader reads the cases.
    #[must_use]
    pub fn sessions(&self) -> usize {
        match self.design.kind {
            DesignKind::Parallel => 1,
            DesignKind::Sequential | DesignKind::Crossover => self.arms.len(),
        }
    }

    /// The position of an arm by its name.
    #[must_use]
    pub fn arm(&self, name: &str) -> Option<usize> {
        self.arms.iter().position(|arm| arm.name == name)
    }

    /// The two arms that the analysis compares, hoped-for first; `None` in a
    /// study of one arm.
    #[must_use]
    pub fn compared(&self) -> Option<(usize, usize)> {
        let named = |name: &Option<String>, other| match name {
            Some(name) => self.arm(name),
            None => Some(other),
        };
        let arm = named(&self.analysis.arm, self.arms.len().checked_sub(1)?)?;
        let against = named(&self.analysis.against, 0)?;
        (arm != against).then_some((arm, against))
    }

    /// The arm that shows nothing: `against` where it shows nothing, else the first of
    /// the file; `None` where each arm shows an answer.
    #[must_use]
    pub fn unaided(&self, against: usize) -> Option<usize> {
        let shows_nothing = |arm: &usize| self.arms[*arm].shows == Shows::Nothing;
        std::iter::once(against).chain(0..self.arms.len()).find(shows_nothing)
    }

    /// How many readers begin with each arm, the smallest first; of a parallel study how
    /// many have it. Readers whose group the file does not name go where there are fewest.
    fn group_sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.arms.len()];
        let named = self.readers.iter().filter_map(|reader| reader.group?.checked_sub(1));
        named.filter_map(|group| sizes.get_mut(group).map(|size| *size += 1)).for_each(drop);
        for _ in self.readers.iter().filter(|reader| reader.group.is_none()) {
            if let Some(least) = sizes.iter_mut().min() {
                *least += 1;
            }
        }
        sizes.sort_unstable();
        sizes
    }

    /// What a reader of the report must be warned of, if everybody planned reads.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        self.warnings_with(self.readers.len())
    }

    /// The same with so many readers left.
    #[must_use]
    pub fn warnings_with(&self, readers: usize) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        let sizes = self.group_sizes();
        let (least, most) = (sizes.first().copied(), sizes.last().copied());
        let (least, most) = (least.unwrap_or(0), most.unwrap_or(0));
        match self.design.kind {
            DesignKind::Crossover if least == 0 && self.arms.len() > 1 => warnings.push(
                "No reader begins with one of the arms: order and arm cannot be told apart, as in \
                 a sequential study. Name other groups, or none.",
            ),
            DesignKind::Crossover if most > least + 1 && most >= 2 * least => warnings.push(
                "The groups that begin with different arms are very unequal: order and arm are \
                 told apart badly.",
            ),
            DesignKind::Parallel if least < 2 => warnings.push(
                "An arm has fewer than two readers: readers cannot be taken as a sample, and the \
                 arms not be compared.",
            ),
            _ => {}
        }
        if self.design.kind == DesignKind::Sequential && self.arms.len() > 1 {
            warnings.push(
                "Every reader has the arms in the same order: a gain of the later arm may be \
                 practice. A crossover tells them apart.",
            );
        }
        if self.sessions() > 1 && self.design.washout_days < 14 {
            warnings.push("Less than two weeks between two readings: cases may be remembered.");
        }
        if readers < 5 {
            warnings.push("Fewer than five readers: little can be said about readers at large.");
        }
        warnings
    }

    /// What of this protocol so few cases leave without effect.
    #[must_use]
    pub fn without_effect(&self, cases: usize) -> Vec<String> {
        let repeats = ("no case comes twice", "design.repeats", self.design.repeats);
        let altered = self.altered.as_ref();
        let altered =
            altered.map(|how| ("no answer is altered", "altered.share", how.share)).into_iter();
        altered
            .chain([repeats])
            .filter(|&(_, _, share)| share > 0.0 && share_of(cases, share) == 0)
            .map(|(what, key, share)| {
                format!(
                    "{what}: {key} = {share} is less than one of {}",
                    counted(cases, "case", "cases")
                )
            })
            .collect()
    }

    /// What a reviewer will ask about, though the study can be read without it.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.design.repeats <= 0.0 {
            notes.push(
                "no case comes twice, so readers' agreement with themselves is not measured: design.repeats".to_owned(),
            );
        }
        if self.analysis.smallest_difference.is_none() {
            notes.push(
                "no smallest difference that matters is named, so nobody can say whether the study is large enough: analysis.smallest_difference"
                    .to_owned(),
            );
        }
        let unknown: Vec<&str> = self
            .readers
            .iter()
            .filter(|reader| reader.years.is_none())
            .map(|reader| reader.name.as_str())
            .collect();
        if !unknown.is_empty() {
            notes.push(format!("years of experience are not given for {}", unknown.join(", ")));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_graded_cannot_be_asked() {
        let told = |from: &str, to: &str| {
            let study = StudyProtocol::from_toml(&PAPER.replacen(from, to, 1)).unwrap();
            let problems = study.check_for(&Protocol::eoss()).err().unwrap_or_default();
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(told("\"combined\"", "\"vascularity\""), "");
        let unknown = told("\"combined\"", "\"effusion\"");
        assert!(unknown.contains("effusion") && unknown.contains("vascularity"), "{unknown}");
        assert_eq!(told("\"accuracy\"", "\"youden_gt2\""), "");
        let beyond = told("\"accuracy\"", "\"youden_gt3\"");
        assert!(beyond.contains("analysis.figure"), "{beyond}");
        for (from, to) in [
            ("arm = \"assisted\"", "arm = \"unaided\""),
            ("arm = \"assisted\"\nagainst = \"unaided\"", "against = \"assisted\""),
        ] {
            assert!(PAPER.contains(from), "{from}");
            let itself = told(from, to);
            assert!(itself.contains("analysis.against are the same arm"), "{itself}");
        }
        let second = "[[arms]]\nname = \"assisted\"\nshows = \"grades-and-heatmap\"\n";
        let alone = PAPER.replacen(second, "", 1);
        let alone = alone.replacen("arm = \"assisted\"\n", "", 1);
        let problems = StudyProtocol::from_toml(&alone).unwrap().check_for(&Protocol::eoss());
        let problems = problems.unwrap_err();
        assert_eq!(problems[0].what, "a study needs two arms to compare");
    }

    #[test]
    fn names_that_other_programs_misread_are_refused() {
        let told = |from: &str, to: &str| {
            assert!(PAPER.contains(from), "{from}");
            let study = StudyProtocol::from_toml(&PAPER.replace(from, to)).unwrap();
            let problems = study.check_for(&Protocol::eoss()).err().unwrap_or_default();
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        for name in ["truth", "Truth", "-1"] {
            let reader = told("name = \"R1\"", &format!("name = \"{name}\""));
            assert!(reader.contains("column readers") && reader.contains("iMRMC"), "{reader}");
            let arm = told("\"unaided\"", &format!("\"{name}\""));
            assert!(arm.contains("column arms") && arm.contains("iMRMC"), "{arm}");
        }
        // Accounts do not tell capitals from small letters.
        let alike = told("name = \"R2\"", "name = \"r1\"");
        assert!(alike.contains("\"r1\" and \"R1\""), "{alike}");
        // A study that was opened with such a name is still read.
        assert!(StudyProtocol::from_toml(&PAPER.replace("\"R1\"", "\"truth\"")).is_ok());
    }

    #[test]
    fn groups_that_tell_no_order_are_warned_of() {
        let with = |groups: [Option<usize>; 6], kind: DesignKind| {
            let mut study = StudyProtocol::from_toml(CROSSOVER).unwrap();
            assert_eq!(study.readers.len(), 6);
            study.design.kind = kind;
            for (reader, group) in study.readers.iter_mut().zip(groups) {
                reader.group = group;
            }
            study.warnings().join("\n")
        };
        let crossover = DesignKind::Crossover;
        assert!(with([Some(1); 6], crossover).contains("No reader begins with one of the arms"));
        let five = [Some(1), Some(1), Some(1), Some(1), Some(1), None];
        assert!(with(five, crossover).contains("very unequal"));
        // The others are dealt to the smaller group.
        assert_eq!(with([Some(1), Some(1), Some(1), None, None, None], crossover), "");
        assert!(with(five, DesignKind::Parallel).contains("fewer than two readers"));
        assert_eq!(with([None; 6], DesignKind::Parallel), "");
    }

    #[test]
    fn alone_is_the_arm_that_shows_nothing() {
        let mut study = StudyProtocol::from_toml(PAPER).unwrap();
        assert_eq!((study.unaided(0), study.unaided(1)), (Some(0), Some(0)));
        study.arms[0].shows = Shows::Grades;
        assert_eq!(study.unaided(0), None);
    }

    const PAPER: &str = include_str!("../../../../configs/studies/paper.toml");
    const CROSSOVER: &str = include_str!("../../../../configs/studies/crossover.toml");

    #[test]
    fn the_studies_that_come_along_are_sound() {
        let paper = StudyProtocol::from_toml(PAPER).unwrap();
        assert_eq!(
            (paper.readers.len(), paper.sessions(), paper.compared()),
            (10, 2, Some((1, 0)))
        );
        assert_eq!(paper.warnings().len(), 1);
        let crossover = StudyProtocol::from_toml(CROSSOVER).unwrap();
        assert!(crossover.warnings().is_empty() && crossover.notes().is_empty());
        // The paper's readers read nothing twice; what difference mattered is not told.
        assert_eq!(paper.notes().len(), 3, "{:?}", paper.notes());
        for protocol in [paper, crossover] {
            assert_eq!(StudyProtocol::from_toml(&protocol.to_toml()).unwrap(), protocol);
            let changed = StudyProtocol { version: 9, ..protocol.clone() };
            assert_ne!(protocol.hash(), changed.hash());
        }
    }

    #[test]
    fn shares_of_too_few_cases_are_told() {
        let mut study = StudyProtocol::from_toml(CROSSOVER).unwrap();
        study.design.repeats = 0.1;
        study.altered = Some(AlteredAnswers {
            share: 0.05,
            rule: Rule::OneOff,
            ethics_approval: "Committee 7, 2026".to_owned(),
        });
        let told = study.without_effect(9);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("altered.share = 0.05") && told[1].contains("9 cases"));
        assert_eq!(study.without_effect(10).len(), 1);
        assert!(study.without_effect(20).is_empty());
        study.design.repeats = 0.0;
        study.altered = None;
        assert!(study.without_effect(1).is_empty());
    }

    #[test]
    fn everything_wrong_is_told_with_row_and_key() {
        let told = |from: &str, to: &str| {
            assert!(PAPER.contains(from), "{from}");
            let problems = StudyProtocol::from_toml(&PAPER.replacen(from, to, 1)).unwrap_err();
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        let twice = told("name = \"R2\"", "name = \"R1\"");
        assert!(twice.contains("\"R1\" twice"), "{twice}");
        assert!(told("washout_days", "wash_out_days").contains("row "));
        let repeats = told("[design]", "[design]\nrepeats = 0.7");
        assert!(repeats.contains("column design.repeats") && repeats.contains("0.7"), "{repeats}");
        let altered =
            "[altered]\nshare = 0.3\nrule = \"one-off\"\nethics_approval = \" \"\n[design]";
        assert!(told("[design]", altered).contains("ethics_approval"));
        assert!(told("cohort = \"prospective\"", "cohort = \"\"").contains("cases.cohort"));
        assert!(told("arm = \"assisted\"", "arm = \"asisted\"").contains("asisted"));
        let group = told("name = \"R1\"", "name = \"R1\"\ngroup = 3");
        assert!(group.contains("R1: group 3; groups go from 1 to 1"), "{group}");
        let years = told("name = \"R1\"", "name = \"R1\"\nyears = -4");
        assert!(years.contains("R1: -4 years of experience; 0 to 80"), "{years}");
        assert!(
            told("shows = \"nothing\"", "shows = \"nothing\"\nown_grades_first = true")
                .contains("own_grades_first")
        );
    }
}
