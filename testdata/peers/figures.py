"""Statistics of cases drawn from a fixed seed, as known packages compute them.

    pip install -r testdata/peers/requirements.txt
    python testdata/peers/figures.py > testdata/peers/figures.json

Tests of the crate `rating` read the output. Packages: statsmodels (kappa and its standard errors, proportions, Holm,
logistic recalibration), irrCAC (Fleiss, Gwet), pingouin (ICC), scipy (Wilcoxon, levels of BCa).
"""

import json
import warnings

import numpy as np
import pandas as pd
import pingouin
import statsmodels.api as sm
from irrCAC.raw import CAC
from scipy import special, stats
from scipy.stats import _resampling
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

warnings.filterwarnings("ignore")
pingouin.options["round"] = None
pingouin.options["round.column.CI95"] = None
pingouin.options["round.column.CI95%"] = None
rng = np.random.default_rng(20220916)


def readings(cases, readers, wrong):
    """Grades 0-3 of each case by each reader, who errs by one grade that often."""
    truth = rng.choice(4, size=cases, p=[0.3, 0.28, 0.27, 0.15])
    error = rng.choice([-1, 0, 1], size=(cases, readers), p=[wrong / 2, 1 - wrong, wrong / 2])
    return np.clip(truth[:, None] + error, 0, 3)


def kappas(grades):
    table = np.zeros((4, 4))
    for first, second in grades[:, :2]:
        table[first, second] += 1
    found = {}
    for name, weights in [("none", None), ("linear", "linear"), ("quadratic", "quadratic")]:
        result = cohens_kappa(table, wt=weights)
        # statsmodels divides by the spread under chance only in its z value.
        found[name] = {"kappa": result.kappa, "standard_error": result.std_kappa, "z": result.z_value}
    return found


def chance_corrected(grades):
    frame = pd.DataFrame(grades)
    found = {}
    for name, weights in [("none", "identity"), ("linear", "linear"), ("quadratic", "quadratic")]:
        result = CAC(frame, weights=weights, categories=[0, 1, 2, 3], digits=13).gwet()["est"]
        found[name] = {"value": float(result["coefficient_value"]), "standard_error": float(result["se"])}
    result = CAC(frame, categories=[0, 1, 2, 3], digits=13).fleiss()["est"]
    found["fleiss"] = {"value": float(result["coefficient_value"]), "standard_error": float(result["se"])}
    return found


def iccs(ratings):
    cases, raters = ratings.shape
    frame = pd.DataFrame(
        {
            "case": np.repeat(np.arange(cases), raters),
            "rater": np.tile(np.arange(raters), cases),
            "rating": ratings.ravel(),
        }
    )
    table = pingouin.intraclass_corr(frame, targets="case", raters="rater", ratings="rating")
    interval = next(column for column in table.columns if column.startswith("CI95"))
    rows = {str(row["Type"]): row for _, row in table.iterrows()}
    named = {"ICC(2,1)": ("ICC2", "ICC(A,1)"), "ICC(3,1)": ("ICC3", "ICC(C,1)")}
    found = {}
    for name, types in named.items():
        row = next(rows[type] for type in types if type in rows)
        found[name] = {"value": float(row["ICC"]), "interval": [float(end) for end in row[interval]]}
    return found


def wilcoxon(first, second):
    differences = first - second
    kept = np.abs(differences[differences != 0])
    untied = len(set(kept)) == len(kept)
    result = {
        "first": first.tolist(),
        "second": second.tolist(),
        "corrected": stats.wilcoxon(first, second, correction=True, method="approx").pvalue,
        "uncorrected": stats.wilcoxon(first, second, correction=False, method="approx").pvalue,
    }
    if untied and len(kept) <= 50:
        result["exact"] = stats.wilcoxon(differences[differences != 0], method="exact").pvalue
    elif len(kept) <= 16:
        result["exact"] = signs_flipped(differences[differences != 0])
    return result


def signs_flipped(differences):
    """The p of every way to give signs to midranks, which wilcoxon(method="exact") does not count with ties."""

    def signed_ranks(values):
        return np.sum(np.sign(values) * stats.rankdata(np.abs(values)))

    test = stats.permutation_test(
        (differences,), signed_ranks, permutation_type="samples", n_resamples=np.inf, vectorized=False
    )
    return test.pvalue


def recalibration(cases):
    p = np.round(rng.beta(0.8, 1.2, size=cases), 4).clip(0.0001, 0.9999)
    truth = (rng.random(cases) < special.expit(-0.3 + 0.7 * special.logit(p))).astype(int)
    logit = special.logit(p)
    free = sm.Logit(truth, sm.add_constant(logit)).fit(disp=0, tol=1e-14, maxiter=200)
    held = sm.GLM(truth, np.ones(cases), offset=logit, family=sm.families.Binomial()).fit(tol=1e-14, maxiter=200)
    return {
        "truth": truth.tolist(),
        "probability": p.tolist(),
        "intercept": [free.params[0], free.bse[0]],
        "slope": [free.params[1], free.bse[1]],
        "in_the_large": [held.params[0], held.bse[0]],
    }


def bca(count):
    data = np.round(rng.gamma(2.0, size=count), 4)
    values = np.array([rng.choice(data, size=count).mean() for _ in range(1000)])
    low, high, _ = _resampling._bca_interval(
        (data,), lambda x, axis=-1: x.mean(axis=axis), axis=-1, alpha=0.025, theta_hat_b=values, batch=None
    )
    jackknife = [np.delete(data, place).mean() for place in range(count)]
    return {"values": values.tolist(), "estimate": data.mean(), "jackknife": jackknife, "levels": [float(low), float(high)]}


def proportions():
    found = []
    for hits, cases in [(0, 7), (1, 12), (9, 10), (223, 274), (293, 293), (812345, 1000000)]:
        found.append(
            {
                "hits": hits,
                "cases": cases,
                "wilson": [float(end) for end in proportion_confint(hits, cases, method="wilson")],
                "clopper_pearson": [float(end) for end in proportion_confint(hits, cases, method="beta")],
            }
        )
    return found


readers = []
for cases, count, wrong in [(40, 2, 0.3), (60, 3, 0.5), (274, 10, 0.4), (25, 4, 0.9)]:
    grades = readings(cases, count, wrong)
    sums = grades * 3 + np.arange(count)
    readers.append(
        {
            "grades": grades.tolist(),
            "kappa": kappas(grades),
            "chance_corrected": chance_corrected(grades),
            "ratings": sums.tolist(),
            "icc": iccs(sums.astype(float)),
        }
    )
p_values = [rng.uniform(0, 0.2, size=count).round(5) for count in (1, 5, 12)]
json.dump(
    {
        "readers": readers,
        "wilcoxon": [
            wilcoxon(rng.normal(size=12).round(4), rng.normal(0.5, size=12).round(4)),
            wilcoxon(rng.normal(size=48).round(6), rng.normal(0.4, size=48).round(6)),
            wilcoxon(rng.normal(size=90).round(6), rng.normal(0.2, size=90).round(6)),
            wilcoxon(rng.integers(0, 9, size=30), rng.integers(1, 10, size=30)),
            wilcoxon(np.array([2, 3, 0, 1, 3, 2, 0, 1, 2, 3, 1, 0, 2, 3]), np.array([1, 1, 1, 1, 0, 1, 0, 2, 1, 2, 3, 0, 1, 2])),
            wilcoxon(np.array([1, 2, 3, 2, 1]), np.array([0, 1, 2, 1, 0])),
        ],
        "recalibration": [recalibration(60), recalibration(500)],
        "bca": [bca(15), bca(40)],
        "proportions": proportions(),
        "holm": [{"p": p.tolist(), "adjusted": multipletests(p, method="holm")[1].tolist()} for p in p_values],
    },
    fp=__import__("sys").stdout,
)
print()
