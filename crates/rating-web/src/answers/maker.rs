//! Makes one step of an answer. Blocking: for the desk's thread only.

use std::sync::Arc;

use rating::preprocess::coloured_share;
use rating::protocol::Colour;
use rating::scores::{Method, decide};
use rating::{Origin, Pair, Protocol, View};
use rating_frozen::explain::{How, Mode};
use rating_frozen::{Control, Explanation, ScoreError, Scorer};
use rusqlite::Connection;

use super::maps::Maps;
use super::queue::{Step, Upload};
use super::stored::{self, Answer, Scored, Subject};
use crate::pairs::{self, Images};
use crate::refusal::Refusal;
use crate::store::{Actor, Store};

/// What a step needs.
pub(super) struct Maker {
    pub(super) scorer: Arc<dyn Scorer>,
    /// The bundle's floor of Doppler signal, for the coloured share.
    pub(super) mask_floor: u8,
    pub(super) protocol: Protocol,
    pub(super) store: Store,
    pub(super) images: Images,
    pub(super) maps: Maps,
}

/// Why a step is not done.
pub(super) enum Stop {
    /// Nobody waits, or something quicker is to be done first.
    Cancelled,
    /// It cannot be: a sentence for people.
    Failed(String),
}

impl Maker {
    /// Does a step for a pair of the room, unless it is done already.
    pub(super) fn step(
        &self,
        subject: &Subject,
        step: Step,
        control: &dyn Control,
    ) -> Result<(), Stop> {
        let known = self.store.read_now(|db| self.known(db, subject))?;
        match (step.mode(), &known) {
            (None, None) => self.score_pair(subject, control),
            (Some(mode), Some(known)) => match known.heatmap {
                Some(Mode::Exact) => Ok(()),
                Some(Mode::Fast) if mode == Mode::Fast => Ok(()),
                _ => self.explain_pair(subject, mode, control),
            },
            (None, Some(_)) => Ok(()),
            (Some(_), None) => Err(Stop::Failed("A heatmap needs a score first.".to_owned())),
        }
    }

    /// What is known about a pair. A heatmap is known where its files are: a
    /// backup may lack them, and those that nobody looks at are removed.
    pub(super) fn known(
        &self,
        db: &Connection,
        subject: &Subject,
    ) -> Result<Option<Answer>, Refusal> {
        let bundle = self.bundle();
        let Some(answer) = stored::find(db, subject, bundle)? else { return Ok(None) };
        let heatmap = self.protocol.heatmap();
        let explained = heatmap.and_then(|heatmap| self.protocol.measurement(&heatmap.measurement));
        let modalities = explained.map_or(&[][..], |at| self.protocol.modalities_of(at));
        let noted: &[Mode] = match answer.heatmap {
            None => &[],
            Some(Mode::Fast) => &[Mode::Fast],
            Some(Mode::Exact) => &[Mode::Exact, Mode::Fast],
        };
        for &mode in noted {
            if self.maps.has(subject, bundle, mode, modalities)? {
                return Ok(Some(Answer { heatmap: Some(mode), ..answer }));
            }
        }
        Ok(Some(Answer { heatmap: None, ..answer }))
    }

    fn bundle(&self) -> &str {
        &self.scorer.identity().bundle
    }

    fn score_pair(&self, subject: &Subject, control: &dyn Control) -> Result<(), Stop> {
        let (pair, origin) = self.load(subject)?;
        let scored = self.score(&pair, origin, control)?;
        let (subject, bundle) = (subject.clone(), self.bundle().to_owned());
        self.store.write_now(Actor::Server, move |change| {
            stored::keep(change, &subject, &bundle, &scored)
        })?;
        Ok(())
    }

    fn explain_pair(
        &self,
        subject: &Subject,
        mode: Mode,
        control: &dyn Control,
    ) -> Result<(), Stop> {
        if self.protocol.heatmap().is_none() {
            return Ok(());
        }
        let (pair, _) = self.load(subject)?;
        let explanation = self.explain(&pair, mode, control)?;
        // First the files, then the line that says they are there.
        self.maps.keep(subject, self.bundle(), mode, &explanation, self.store.now())?;
        let (asked, bundle) = (subject.clone(), self.bundle().to_owned());
        self.store.write_now(Actor::Server, move |change| {
            stored::keep_heatmap(change, &asked, &bundle, mode)
        })?;
        if mode == Mode::Exact {
            self.maps.forget(subject, self.bundle(), Mode::Fast);
        }
        Ok(())
    }

    /// What is said about an upload.
    pub(super) fn upload(
        &self,
        upload: &Upload,
        control: &dyn Control,
    ) -> Result<(Scored, Option<Explanation>), Stop> {
        let scored = self.score(&upload.pair, upload.origin, control)?;
        let mode = upload.step.mode().filter(|_| self.protocol.heatmap().is_some());
        let explanation = mode.map(|mode| self.explain(&upload.pair, mode, control)).transpose()?;
        Ok((scored, explanation))
    }

    fn score(&self, pair: &Pair, origin: Origin, control: &dyn Control) -> Result<Scored, Stop> {
        let answers = self.scorer.score(std::slice::from_ref(pair), control)?;
        let answers = answers.into_iter().next().unwrap_or_default();
        let decision = decide(&self.protocol, &answers, Method::Multitude)
            .map_err(|problem| ours(&problem))?;
        let doppler = self.protocol.modalities().iter().zip(pair.views());
        let doppler =
            doppler.into_iter().find(|(modality, _)| modality.colour == Colour::DopplerMask);
        let share = doppler.map(|(_, view)| coloured_share(view, self.mask_floor));
        let origin = origin.with(self.scorer.identity().origin);
        Ok(Scored::new(decision, answers.len(), share, origin))
    }

    fn explain(&self, pair: &Pair, mode: Mode, control: &dyn Control) -> Result<Explanation, Stop> {
        let how = How { mode, ..How::default() };
        Ok(self.scorer.explain(pair, &how, control)?)
    }

    /// The pixels of a pair within the ROIs that are asked for.
    fn load(&self, subject: &Subject) -> Result<(Pair, Origin), Stop> {
        let pair = self.store.read_now(|db| pairs::one(db, &self.protocol, subject.pair))?;
        let mut views = Vec::new();
        for (view, roi) in pair.views.iter().zip(&subject.rois) {
            let view = View::new(self.images.pixels(&view.image)?, *roi);
            views.push(view.map_err(|problem| ours(&problem))?);
        }
        // The pair's own name: its noise is that of `rating explain`.
        let loaded = Pair::new(pair.row.pair_id, views, &self.protocol);
        Ok((loaded.map_err(|problem| ours(&problem))?, pair.row.origin))
    }
}

impl From<ScoreError> for Stop {
    fn from(error: ScoreError) -> Stop {
        match error {
            ScoreError::Cancelled => Stop::Cancelled,
            // What does not fit is told; a pair's name never is.
            ScoreError::Pair(problem) => Stop::Failed(format!("No answer: {}.", problem.what)),
            error => ours(&error),
        }
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        if refusal.is_ours() { ours(&refusal) } else { Stop::Failed(refusal.what) }
    }
}

/// Our own failure: details go to the log, not to the browser.
fn ours(error: &dyn std::fmt::Display) -> Stop {
    crate::say(format_args!("error: an answer could not be computed: {error}"));
    let what = "The answer could not be computed. It was written to the server's log.";
    Stop::Failed(what.to_owned())
}
