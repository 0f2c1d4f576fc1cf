//! What a reading says.

use rating::{Grade, Protocol, Roi};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::pairs::StoredView;
use crate::refusal::Refusal;
use crate::schema::Rectangle;

/// Why a pair cannot be graded (paper, "Image selection and scoring").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The grayscale image is blurred.
    Blurred,
    /// Anisotropy of the grayscale image.
    Anisotropy,
    /// Aliasing of the Doppler image.
    Aliasing,
    /// Motion artefacts of the Doppler image.
    Motion,
    /// Bone surfaces or synovium are not clearly shown.
    Anatomy,
    /// Another reason, told in the comment.
    Other,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 6] = [
        Reason::Blurred,
        Reason::Anisotropy,
        Reason::Aliasing,
        Reason::Motion,
        Reason::Anatomy,
        Reason::Other,
    ];

    /// The reason as people say it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Reason::Blurred => "grayscale blurred",
            Reason::Anisotropy => "grayscale anisotropy",
            Reason::Aliasing => "Doppler aliasing",
            Reason::Motion => "Doppler motion artefact",
            Reason::Anatomy => "bone or synovium not clearly shown",
            Reason::Other => "another reason",
        }
    }

    /// The word of files and the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Reason::Blurred => "blurred",
            Reason::Anisotropy => "anisotropy",
            Reason::Aliasing => "aliasing",
            Reason::Motion => "motion",
            Reason::Anatomy => "anatomy",
            Reason::Other => "other",
        }
    }
}

impl ToSql for Reason {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for Reason {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Reason> {
        let word = value.as_str()?;
        let known = Reason::ALL.into_iter().find(|reason| reason.word() == word);
        known.ok_or(FromSqlError::InvalidType)
    }
}

/// What a reading says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// One for each measurement of the protocol; none where not graded yet.
    #[schema(value_type = Vec<Option<u8>>)]
    pub grades: Vec<Option<Grade>>,
    /// Why it cannot be graded; then no grade counts.
    pub cannot: Option<Reason>,
    /// One for each modality; none where not drawn yet.
    #[schema(value_type = Vec<Option<Rectangle>>)]
    pub rois: Vec<Option<Roi>>,
    /// Whatever the reader wants to say.
    #[schema(max_length = 4000)]
    pub comment: String,
}

/// Most characters of a comment.
const LONGEST_COMMENT: usize = 4000;

impl Body {
    /// Nothing said yet; ROIs as the pair came with.
    #[must_use]
    pub fn blank(protocol: &Protocol, views: &[StoredView]) -> Body {
        Body {
            grades: vec![None; protocol.measurements().len()],
            cannot: None,
            rois: views.iter().map(|view| view.roi).collect(),
            comment: String::new(),
        }
    }

    /// All grades, unless one is missing or the pair cannot be graded.
    #[must_use]
    pub fn all_grades(&self) -> Option<Vec<Grade>> {
        if self.cannot.is_some() {
            return None;
        }
        self.grades.iter().copied().collect()
    }

    /// Whether a draft makes sense.
    ///
    /// # Errors
    /// Says what does not: a grade that is none of the protocol's, a ROI
    /// outside its image, an endless comment.
    pub fn check(&self, protocol: &Protocol, views: &[StoredView]) -> Result<(), Refusal> {
        if self.rois.len() != views.len() {
            return Err(Refusal::unfit("A reading has one ROI for each image."));
        }
        check_grades(protocol, &self.grades)?;
        for (roi, view) in self.rois.iter().zip(views) {
            if roi.is_some_and(|roi| roi.right() > view.width || roi.bottom() > view.height) {
                return Err(Refusal::unfit("An ROI reaches beyond its image."));
            }
        }
        if self.comment.chars().count() > LONGEST_COMMENT {
            let what = format!("A comment has at most {LONGEST_COMMENT} characters.");
            return Err(Refusal::unfit(what));
        }
        Ok(())
    }

    /// Whether it says all that a reading must say before it is locked.
    ///
    /// # Errors
    /// Says what is missing, or that medicine excludes the grades together.
    pub fn check_complete(&self, protocol: &Protocol) -> Result<(), Refusal> {
        if let Some(reason) = self.cannot {
            let is_told = reason != Reason::Other || !self.comment.trim().is_empty();
            let untold = || Refusal::unfit("Say in the comment why it cannot be graded.");
            return is_told.then_some(()).ok_or_else(untold);
        }
        if self.rois.iter().any(Option::is_none) {
            return Err(Refusal::unfit("Draw the ROI first: R begins a rectangle."));
        }
        if self.rois.iter().flatten().any(|roi| !roi.holds_a_joint()) {
            let what = format!(
                "The ROI is too small for a joint: each side needs {} pixels or more.",
                Roi::SHORTEST_SIDE
            );
            return Err(Refusal::unfit(what));
        }
        complete_grades(protocol, &self.grades).map(drop)
    }
}

/// Whether these grades, as far as they are given, are the protocol's.
///
/// # Errors
/// Says which is not.
pub fn check_grades(protocol: &Protocol, grades: &[Option<Grade>]) -> Result<(), Refusal> {
    let measurements = protocol.measurements();
    if grades.len() != measurements.len() {
        return Err(Refusal::unfit("A reading has one grade for each measurement."));
    }
    for (grade, measurement) in grades.iter().zip(measurements) {
        if grade.is_some_and(|grade| grade >= measurement.grades) {
            let name = measurement.name.replace('_', " ");
            let what = format!("Grades of {name} go from 0 to {}.", measurement.grades - 1);
            return Err(Refusal::unfit(what));
        }
    }
    Ok(())
}

/// The grades of a reading that is complete.
///
/// # Errors
/// Says which is missing, or that medicine excludes them together.
pub fn complete_grades(
    protocol: &Protocol,
    grades: &[Option<Grade>],
) -> Result<Vec<Grade>, Refusal> {
    let missing = grades.iter().zip(protocol.measurements()).find(|(grade, _)| grade.is_none());
    if let Some((_, measurement)) = missing {
        let name = measurement.name.replace('_', " ");
        return Err(Refusal::unfit(format!("The grade of {name} is missing.")));
    }
    let grades: Vec<Grade> = grades.iter().copied().flatten().collect();
    if !protocol.is_valid(&grades) {
        return Err(Refusal::unfit(
            "These grades exclude one another. Is the signal outside the synovium (vascularity 0), \
             or is there synovium after all?",
        ));
    }
    Ok(grades)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views() -> Vec<StoredView> {
        vec![StoredView { image: [0; 32], width: 100, height: 50, roi: None }; 2]
    }

    fn complete(grades: [Grade; 2]) -> Body {
        let roi = Roi::new([0, 0, 100, 50]).unwrap();
        Body {
            grades: grades.map(Some).to_vec(),
            cannot: None,
            rois: vec![Some(roi); 2],
            comment: String::new(),
        }
    }

    #[test]
    fn a_reading_is_complete_with_grades_that_go_together_and_rois() {
        let eoss = Protocol::eoss();
        complete([2, 1]).check_complete(&eoss).unwrap();
        let excluded = complete([0, 1]).check_complete(&eoss).unwrap_err();
        assert!(excluded.what.contains("outside the synovium"), "{excluded}");
        let blank = Body::blank(&eoss, &views());
        assert!(blank.check_complete(&eoss).unwrap_err().what.contains("ROI"));
        let sliver = Some(Roi::new([0, 0, 15, 50]).unwrap());
        let slip = Body { rois: vec![complete([1, 1]).rois[0], sliver], ..complete([1, 1]) };
        assert!(slip.check_complete(&eoss).unwrap_err().what.contains("16 pixels"));
        let ungraded = Body { grades: vec![Some(1), None], ..complete([1, 1]) };
        assert!(ungraded.check_complete(&eoss).unwrap_err().what.contains("vascularity"));
    }

    #[test]
    fn what_cannot_be_graded_needs_a_reason_only() {
        let eoss = Protocol::eoss();
        let blank = Body::blank(&eoss, &views());
        Body { cannot: Some(Reason::Motion), ..blank.clone() }.check_complete(&eoss).unwrap();
        let other = Body { cannot: Some(Reason::Other), ..blank };
        assert!(other.check_complete(&eoss).is_err());
        Body { comment: "probe upside down".to_owned(), ..other }.check_complete(&eoss).unwrap();
    }

    #[test]
    fn nonsense_is_refused() {
        let eoss = Protocol::eoss();
        let refused = |body: Body| body.check(&eoss, &views()).unwrap_err().what;
        assert!(refused(complete([4, 1])).contains("0 to 3"));
        let outside = Some(Roi::new([0, 0, 101, 50]).unwrap());
        assert!(refused(Body { rois: vec![outside; 2], ..complete([1, 1]) }).contains("beyond"));
        assert!(refused(Body { grades: vec![None], ..complete([1, 1]) }).contains("one grade"));
        assert!(refused(Body { comment: "x".repeat(4001), ..complete([1, 1]) }).contains("4000"));
    }
}
