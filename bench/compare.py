"""Times our engine beside PyTorch and ONNX Runtime, in turn, and writes docs/performance.md.

    pip install -r bench/requirements.txt
    cargo build --release -p rating-frozen --examples
    python bench/compare.py [--rounds 7] [--threads 2] [--only SECTION ...]

Every runtime is a process of its own that waits for its turn; a round asks each of them for each case once, after one
round that is thrown away. Figures are medians over rounds. Each section replaces the one of its name in
docs/performance.md; the rest of that page stays.
"""

import argparse
import contextlib
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent / "docs/performance.md"
EXAMPLES = HERE.parent / "target/release/examples"
PEERS = ["torch-fp32", "torch-bf16", "onnx"]
# What makes PyTorch leave AVX-512 alone, to set our AVX2 kernels against.
ONLY_AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
# Points of a path of integrated gradients; each thread follows one.
STEPS = 48
# A case is repeated until it takes so long, or the clock would be what is measured.
SECONDS = 0.1
# The full-size networks of the method, and its quick ones: width, pixels.
FULL, QUICK = (64, 224), (8, 64)
# Backbones that 60 networks pass for a pair, and gradients of a pair's exact heatmaps.
PASSES, GRADIENTS = 90, 8000


class Runner:
    """A process that answers cases with seconds."""

    def __init__(self, command, environment=None):
        self.name = " ".join(map(str, command[:3]))
        self.process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self.repeats = {}

    def ask(self, line):
        # Threads of whoever worked last may still be waiting in a loop.
        time.sleep(0.3)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.name} stopped at {line!r}")
        return float(answer)

    def seconds(self, case):
        """Seconds of a case, run once."""
        if case not in self.repeats:
            self.repeats[case] = max(1, round(SECONDS / self.ask(f"{case} 1")))
        return self.ask(f"{case} {self.repeats[case]}") / self.repeats[case]


@contextlib.contextmanager
def runners(commands):
    """The processes of some commands, by name; they end with the block."""
    made = {name: Runner(*command) for name, command in commands.items()}
    try:
        yield made
    finally:
        for runner in made.values():
            runner.process.stdin.close()
            runner.process.wait()


def measure(running, cases, rounds, probe):
    """Seconds by case and runner, one of each a round, and the peaks probed between."""
    found, peaks = {}, []
    for number in range(rounds + 1):
        for case in cases:
            seconds = running[case[0]].seconds(case[1])
            if number:
                found.setdefault(case, []).append(seconds)
        if number:
            peaks.append(probe.ask("peak 1 1"))
    return found, peaks


def engine(options, width, px):
    """One network: forward, with gradient, along a path."""
    size = [width, px, options.threads]
    peer = [sys.executable, HERE / "peers.py"]
    commands = {"ours": ([EXAMPLES / "stopwatch", *size],)}
    commands["ours, AVX2"] = [EXAMPLES / "stopwatch", *size], {"RATING_KERNELS": "avx2"}
    commands |= {name: ([*peer, name, *size],) for name in PEERS}
    commands["torch-fp32, AVX2"] = [*peer, "torch-fp32", *size], ONLY_AVX2
    ours, peers = list(commands)[:2], list(commands)[2:]

    rows = {
        "forward, 1 image": ("forward 1", "forward 1", 1),
        "forward, 8 images": ("forward 8", "forward 8", 8),
        "with gradient, 1 image": ("gradient 1", "gradient 1", 1),
        "with gradient, 8 images": ("gradient 8", "gradient 8", 8),
        # A step of integrated gradients is a forward and a backward pass to others.
        f"path of {STEPS}": (f"path {STEPS}", "gradient 8", STEPS * options.threads),
    }
    cases = [(name, case) for case, _, _ in rows.values() for name in ours]
    cases += [
        (name, case)
        for case in dict.fromkeys(case for _, case, _ in rows.values())
        for name in peers
        if not (name == "onnx" and case.startswith("gradient"))
    ]
    # A round asks everyone for a case before the next case.
    cases.sort(key=lambda case: [row[0] for row in rows.values()].index(case[1]))
    with runners(commands) as running:
        found, peaks = measure(running, cases, options.rounds, running["ours"])

    def milliseconds(name, row):
        case, peer_case, images = row
        if name in ours:
            return [1000 * seconds / images for seconds in found[name, case]]
        images = int(peer_case.split()[1])
        return [1000 * seconds / images for seconds in found.get((name, peer_case), [])]

    lines = [note(options, peaks), ""]
    lines += table("ms an image, median (fastest)", list(commands))
    for label, row in rows.items():
        times = [milliseconds(name, row) for name in commands]
        has_own = [name in ours or row[0] == row[1] for name in commands]
        lines.append(line(label, [timing(time) if own else "-" for time, own in zip(times, has_own)]))
    pairs = [(our, peer) for our in ours for peer in peers if (our == "ours, AVX2") == peer.endswith("AVX2")]
    pairs.append(("ours, AVX2", "torch-fp32"))
    lines += ["", *table("our time as a share of theirs", [f"{our} / {peer}" for our, peer in pairs])]
    for label, row in rows.items():
        shares = [share(milliseconds(our, row), milliseconds(peer, row)) for our, peer in pairs]
        lines.append(line(label, shares))
    return lines


def bundle(options, width, px):
    """60 networks: scoring pairs, exact heatmaps."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([EXAMPLES / "chance_bundle", str(width), str(px), "5", "2", folder], check=True)
        # Scoring and explaining would push each other's networks out of memory.
        own = [EXAMPLES / "score_stopwatch", folder, options.threads]
        commands = {
            "ours": (own,),
            "ours, explaining": (own,),
            "torch": ([sys.executable, HERE / "peers.py", "torch-fp32", width, px, options.threads],),
            "probe": ([EXAMPLES / "stopwatch", width, px, options.threads],),
        }
        rows = {
            "one pair": ("score 1", "forward 1", PASSES),
            "one pair, a new process: mapping and hashing too": ("first 1", "forward 1", PASSES),
            "16 pairs": ("score 16", "forward 1", 16 * PASSES),
            "16 pairs, PyTorch's passes of 8 images": ("score 16", "forward 8", 16 * PASSES / 8),
            "exact heatmaps of one pair": ("explain 1", "gradient 8", GRADIENTS / 8),
        }
        # At least 200 of PyTorch's gradients over the rounds.
        runner = lambda case: "ours, explaining" if case.startswith("explain") else "ours"
        cases = [(runner(case), case) for case in dict.fromkeys(case for case, _, _ in rows.values())]
        cases += [("torch", case) for case in dict.fromkeys(case for _, case, _ in rows.values())]
        with runners(commands) as running:
            found, peaks = measure(running, cases, options.bundle_rounds, running["probe"])
    lines = [
        note(options, peaks, options.bundle_rounds),
        "",
        *table("seconds, median (fastest)", ["ours", "PyTorch fp32, as many passes", "share"]),
    ]
    for label, (case, peer_case, times) in rows.items():
        ours = found[runner(case), case]
        peer = [times * seconds for seconds in found["torch", peer_case]]
        lines.append(line(label, [timing(ours), timing(peer), share(ours, peer)]))
    return lines


def note(options, peaks, rounds=None):
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True)
    return (
        f"Commit {commit.stdout.strip() or 'unknown'}, {options.threads} threads, {rounds or options.rounds} rounds; "
        f"{processor()}. Peak by a probe between the rounds: {statistics.median(peaks):.0f} GFLOP/s a thread "
        f"({min(peaks):.0f}-{max(peaks):.0f})."
    )


def table(corner, columns):
    return [line(corner, columns), "|---" * (len(columns) + 1) + "|"]


def line(label, cells):
    return f"| {label} | " + " | ".join(cells) + " |"


def timing(times):
    return f"{statistics.median(times):.3g} ({min(times):.3g})" if times else "-"


def share(ours, theirs):
    return f"{statistics.median(ours) / statistics.median(theirs):.2f}" if theirs else "-"


def processor():
    """The processor's name, where the system tells."""
    try:
        for text in open("/proc/cpuinfo"):
            if text.startswith("model name"):
                return text.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "a processor that does not tell its name"


SECTIONS = {
    "engine-full": lambda options: engine(options, *FULL),
    "engine-quick": lambda options: engine(options, *QUICK),
    "bundle-full": lambda options: bundle(options, *FULL),
    "bundle-quick": lambda options: bundle(options, *QUICK),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--bundle-rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    options = parser.parse_args()
    for name in options.only:
        lines = SECTIONS[name](options)
        print("\n".join(lines), flush=True)
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = PAGE.read_text().partition(begin)
        if not rest:
            sys.exit(f"{PAGE} has no line {begin!r}")
        after = rest.partition(end)[2]
        PAGE.write_text(before + begin + "\n".join(lines) + "\n" + end + after)


if __name__ == "__main__":
    main()
