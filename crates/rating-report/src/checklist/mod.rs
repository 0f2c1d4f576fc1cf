//! Reporting checklists: which item of a guideline is answered where.
//!
//! Journals ask for them. The program answers what it can know, in the page,
//! the model card, the datasheet or the bundle, and leaves the rest to the
//! authors. Titles are our own short words, never a guideline's sentences: fill
//! in the guideline's own form.
//!
//! Sources: each list names its article. The articles were not at hand when the
//! tables were written; numbers and subjects were compared with two public
//! transcriptions that agree, `Aperivue/medsci-skills`
//! (`skills/check-reporting/references/checklists/`, at 61f0a51) and the item
//! tables of the ROADMAP ontology of guidelines for AI in radiology. Items that
//! could not be compared are marked "not verified".

mod claim;
mod eular_ultrasound;
mod item;
mod stard_ai;
mod table;
mod tripod_ai;

pub use item::{Answer, Checklist, Item, Place};
pub(crate) use table::section;

/// The lists of the appendix, in its order.
pub const CHECKLISTS: [&Checklist; 4] = [
    &tripod_ai::TRIPOD_AI,
    &stard_ai::STARD_AI,
    &claim::CLAIM,
    &eular_ultrasound::EULAR_ULTRASOUND,
];
