//! What every page has to stand: axe, narrow screens, the keyboard.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::devtools::Screen;
use crate::driver::{Driver, SHIFT, TAB};

/// axe-core as `scripts/page-check` fetches it into the build folder; `None`
/// where it has not.
pub fn axe() -> Option<String> {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?;
    let path: PathBuf = built.join("page-check/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(path).ok()
}

/// Serious and critical findings of axe, a line each.
const FINDINGS: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(({ violations, passes }) => {
        if (passes.length < 10) return done([`axe looked at ${passes.length} things only`]);
        const bad = violations.filter((one) => ['serious', 'critical'].includes(one.impact));
        done(bad.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')}: ${node.failureSummary}`)));
    }, (error) => done([String(error)]));
";

/// Everything that can be worked, as one list on the page; a group of radio
/// buttons is one.
const CONTROLS: &str = "
    const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')];
    const groups = new Set();
    window.controls = all.filter((one) => {
        if (one.tabIndex < 0 || one.type === 'hidden' || one.matches(':disabled') || one.closest('[inert]')) return false;
        if (one.closest('dialog:not([open])') || !one.checkVisibility({ visibilityProperty: true })) return false;
        if (one.type !== 'radio') return true;
        const isFirst = !groups.has(one.name);
        groups.add(one.name);
        return isFirst;
    });
    document.querySelector('.skip').focus();
    return controls.map((one) => one.outerHTML.slice(0, 120));
";

/// Which of them has the focus, and what keeps a person from seeing it.
const FOCUSED: &str = "
    const one = document.activeElement;
    const mate = (other) => other === one || (one.type === 'radio' && other.name === one.name);
    const index = controls.findIndex(mate);
    if (index < 0) return { index, problem: one === document.body ? null : `not listed: ${one.outerHTML.slice(0, 120)}` };
    const shown = one.type === 'radio' ? one.nextElementSibling : one;
    const style = getComputedStyle(shown);
    const box = shown.getBoundingClientRect();
    const middle = (low, high, most) => (Math.max(0, low) + Math.min(most, high)) / 2;
    const at = document.elementFromPoint(middle(box.left, box.right, innerWidth), middle(box.top, box.bottom, innerHeight));
    const isClear = at !== null && (shown.contains(at) || at.contains(shown) || at.control === one);
    const isMarked = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    return { index, problem: !isMarked ? 'focus cannot be seen' : isClear ? null : `covered by ${at?.outerHTML.slice(0, 80)}` };
";

impl Driver {
    /// What axe says against the page.
    pub async fn axe_says(&self, axe: &str) -> Vec<String> {
        self.client.execute(axe, vec![]).await.unwrap();
        let said = self.client.execute_async(FINDINGS, vec![]).await.unwrap();
        serde_json::from_value(said).unwrap()
    }

    /// How far a page is wider than the screen, in CSS pixels.
    pub async fn overhang(&self) -> i64 {
        let script =
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        self.run(script).await.as_i64().unwrap()
    }

    /// Controls that Tab does not reach, and those that have the focus unseen.
    pub async fn out_of_reach(&self) -> Vec<String> {
        let controls: Vec<String> = serde_json::from_value(self.run(CONTROLS).await).unwrap();
        let mut reached = vec![false; controls.len()];
        let mut wrong = Vec::new();
        // There and back, so that the first one has the focus by the keyboard.
        self.keys(&TAB.to_string()).await;
        self.chord(SHIFT, TAB).await;
        for _ in 0..controls.len() + 2 {
            let focused = self.run(FOCUSED).await;
            let at = focused["index"].as_i64().and_then(|index| usize::try_from(index).ok());
            if let Some(reached) = at.and_then(|at| reached.get_mut(at)) {
                *reached = true;
            }
            if let Value::String(problem) = &focused["problem"] {
                wrong.push(format!("{}: {problem}", at.map_or("", |at| &controls[at])));
            }
            self.keys(&TAB.to_string()).await;
        }
        let missed = controls.iter().zip(reached).filter(|(_, reached)| !reached);
        wrong.extend(missed.map(|(control, _)| format!("{control}: Tab does not come here")));
        wrong
    }

    /// Which of these elements cannot be seen without scrolling.
    pub async fn below_the_fold(&self, all: &[&str]) -> Vec<String> {
        let script = "
            scrollTo(0, 0);
            return arguments[0].filter((css) => {
                const one = document.querySelector(css);
                return one === null || one.getBoundingClientRect().bottom > innerHeight;
            });";
        let below = self.client.execute(script, vec![json!(all)]).await.unwrap();
        serde_json::from_value(below).unwrap()
    }

    /// Leaves a picture, named after the screen.
    pub async fn picture_on(&self, name: &str, screen: Screen) {
        self.picture(&format!("page-{name}-{}", screen.name)).await;
    }
}
