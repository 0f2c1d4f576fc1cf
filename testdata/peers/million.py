"""How long scikit-learn takes for the kappas and AUCs of a manifest and its scores.

    pip install -r testdata/peers/requirements.txt
    cargo run --release -p rating --example million_rows FOLDER
    python testdata/peers/million.py FOLDER

Prints the figures, to be compared with those of `rating evaluate`, and the seconds of each step. Figures alone: an
interval of 1,000 samples of patients would take a thousand times as long.
"""

import csv
import pathlib
import resource
import sys
import time

import numpy as np
from sklearn.metrics import cohen_kappa_score, roc_auc_score

MEASUREMENTS = ["synovial_hypertrophy", "vascularity"]


def columns(path, wanted):
    with open(path, newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        places = [header.index(name) for name in wanted]
        cells = np.array([[float(row[place]) for place in places] for row in reader])
    return dict(zip(wanted, cells.T, strict=True))


folder = pathlib.Path(sys.argv[1])
began = time.perf_counter()
truth = columns(folder / "manifest.csv", MEASUREMENTS)
tasks = [f"{name}_gt{above}" for name in MEASUREMENTS for above in range(3)]
given = columns(folder / "scores.csv", MEASUREMENTS + tasks)
truth["combined"] = np.maximum(*(truth[name] for name in MEASUREMENTS))
given["combined"] = np.maximum(*(given[name] for name in MEASUREMENTS))
print(f"reading: {time.perf_counter() - began:.1f} s")

began = time.perf_counter()
for name in [*MEASUREMENTS, "combined"]:
    print(f"{name} accuracy {np.mean(truth[name] == given[name]):.6f}")
    for weights in [None, "linear", "quadratic"]:
        print(f"{name} kappa {weights} {cohen_kappa_score(truth[name], given[name], weights=weights):.6f}")
print(f"nine kappas: {time.perf_counter() - began:.1f} s")

began = time.perf_counter()
for task in tasks:
    name, above = task.split("_gt")
    print(f"{task} AUC {roc_auc_score(truth[name] > int(above), given[task]):.6f}")
print(f"six AUCs: {time.perf_counter() - began:.1f} s")
print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
