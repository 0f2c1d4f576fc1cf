//! What the types of a configuration cannot say: ranges, with row and key.

use rating::Problem;
use rating::protocol::row_of;

use crate::config::{Config, Questions, Recipe, Schedule};

/// Everything out of range, each with its key and, where `text` has it, its row.
pub fn problems(config: &Config, text: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut check = |holds: bool, key: &str, what: String| {
        if !holds {
            let problem = Problem::new(what).in_column(key);
            found.push(match row_of(text, key) {
                Some(row) => problem.at_row(row),
                None => problem,
            });
        }
    };

    let folds = config.folds;
    check((2..=99).contains(&folds), "folds", format!("{folds} folds; 2 to 99 are possible"));
    check(
        (1..=99).contains(&config.seeds),
        "seeds",
        format!("{} seeds; 1 to 99 are possible", config.seeds),
    );
    check(
        config.questions == Questions::Thermometer || config.seeds == 1,
        "seeds",
        "a network that answers with a grade is a model: one a fold, seeds = 1".into(),
    );
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let named = !config.name.is_empty() && config.name.chars().all(plain);
    check(
        named,
        "name",
        format!("{:?} is not a plain name of letters, digits, - and _", config.name),
    );
    check(
        i64::try_from(config.study_seed).is_ok(),
        "study_seed",
        "too large for a TOML file".into(),
    );

    let width = config.network.width;
    check(
        (1..=512).contains(&width),
        "network.width",
        format!("width {width}; 1 to 512 are possible"),
    );
    let px = config.preprocess.input_px;
    check(
        (32..=1024).contains(&px),
        "preprocess.input_px",
        format!("{px} pixels; 32 to 1024 are possible"),
    );

    if let Err(problem) = config.augment.check() {
        let key = format!("augment.{}", problem.column.clone().unwrap_or_default());
        check(false, &key, problem.what);
    }

    let permutations = config.jigsaw.permutations;
    check(
        (2..=1512).contains(&permutations),
        "jigsaw.permutations",
        format!("{permutations} permutations; 2 to 1512 are possible"),
    );
    let hidden = config.jigsaw.hidden.unwrap_or(1);
    check(
        (1..=65536).contains(&hidden),
        "jigsaw.hidden",
        format!("{hidden} units; 1 to 65536 are possible"),
    );
    let fusion = &config.fusion;
    check(
        (1..=16384).contains(&fusion.hidden),
        "fusion.hidden",
        format!("{} units; 1 to 16384 are possible", fusion.hidden),
    );
    check(
        (0.0..1.0).contains(&fusion.dropout),
        "fusion.dropout",
        format!("dropout {} is not in [0, 1)", fusion.dropout),
    );
    check(
        (1..=1000).contains(&fusion.copies),
        "fusion.copies",
        format!("{} copies; 1 to 1000 are possible", fusion.copies),
    );

    if let Some(demo) = &config.demo {
        for (cohort, size) in
            [("train", demo.train), ("prospective", demo.prospective), ("external", demo.external)]
        {
            check(
                (1..=size.pairs).contains(&size.patients),
                &format!("demo.{cohort}"),
                format!("{} pairs of {} patients cannot be", size.pairs, size.patients),
            );
        }
    }

    let trainings = &config.training;
    for (kind, recipe) in [
        ("jigsaw", trainings.jigsaw.as_ref()),
        ("extractor", Some(&trainings.extractor)),
        ("fusion", Some(&trainings.fusion)),
        ("single", Some(&trainings.single)),
    ] {
        if let Some(recipe) = recipe {
            for (key, what) in recipe_problems(recipe) {
                check(false, &format!("training.{kind}.{key}"), what);
            }
        }
    }
    found
}

/// Keys of a recipe that are out of range, and what is wrong with them.
fn recipe_problems(recipe: &Recipe) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut check = |holds: bool, key, what: String| {
        if !holds {
            found.push((key, what));
        }
    };
    let epochs = 1..=100_000;
    check(
        epochs.contains(&recipe.epochs),
        "epochs",
        format!("{} epochs; 1 to 100000 are possible", recipe.epochs),
    );
    let warm = recipe.epochs(true);
    check(
        epochs.contains(&warm),
        "warm_epochs",
        format!("{warm} epochs; 1 to 100000 are possible"),
    );
    check(
        (2..=65536).contains(&recipe.batch),
        "batch",
        format!(
            "batch {}; 2 to 65536 are possible, for batch normalisation needs two images",
            recipe.batch
        ),
    );
    for (key, rate) in [
        ("learning_rate", recipe.learning_rate),
        ("warm_learning_rate", recipe.learning_rate(true)),
    ] {
        check(rate > 0.0 && rate <= 10.0, key, format!("learning rate {rate} is not in (0, 10]"));
    }
    check(
        recipe.patience != Some(0),
        "patience",
        "a patience of 0 epochs would stop before the first".into(),
    );
    let schedule = match &recipe.schedule {
        Schedule::Constant => true,
        Schedule::Step { every, factor } => *every > 0 && (0.0..=1.0).contains(factor),
        Schedule::Milestones { factor, .. } => (0.0..=1.0).contains(factor),
        Schedule::OneCycle { warm_up } => (0.0..1.0).contains(warm_up),
    };
    check(
        schedule,
        "schedule",
        "factors and shares lie between 0 and 1, steps are 1 epoch at least".into(),
    );
    found
}
