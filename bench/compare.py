"""Times the engine beside PyTorch and ONNX Runtime, in turn, in one run.

    pip install -r bench/requirements.txt
    cargo build --release -p rating-frozen --example stopwatch
    python bench/compare.py [--width 64] [--px 224] [--threads 2] [--rounds 9] [--out FILE]

Every runtime is a process of its own that waits for its turn; a round asks each of them for each case once, after one
round that is thrown away. Figures are medians over rounds, in milliseconds per image, with the fastest in brackets.
"""

import argparse
import pathlib
import platform
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
STOPWATCH = HERE.parent / "target/release/examples/stopwatch"
PEERS = ["torch-fp32", "torch-bf16", "onnx"]


class Runner:
    """A process that answers cases with seconds."""

    def __init__(self, name, command, environment=None):
        self.name = name
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def seconds(self, case):
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.name} stopped at {case!r}")
        return float(answer)


def plan(batches):
    """Who is asked what: our case, and the peers' that it is set against."""
    for batch in batches:
        yield f"forward {batch}", f"forward {batch}", batch
    for batch in batches:
        yield f"gradient {batch}", f"gradient {batch}", batch
    # A step of integrated gradients is a forward and a backward pass to others.
    yield "path 48", f"gradient {max(batches)}", 48


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--px", type=int, default=224)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--peers", nargs="*", default=PEERS)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    size = [str(arguments.width), str(arguments.px), str(arguments.threads)]

    import os

    ours = {"ours": Runner("ours", [STOPWATCH, *size])}
    ours["ours, AVX2"] = Runner("ours, AVX2", [STOPWATCH, *size], {**os.environ, "RATING_KERNELS": "avx2"})
    peers = {name: Runner(name, [sys.executable, HERE / "peers.py", name, *size]) for name in arguments.peers}

    times, peaks = {}, []
    for round in range(arguments.rounds + 1):
        for our_case, peer_case, images in plan(arguments.batches):
            asked = [(name, runner, our_case, images) for name, runner in ours.items()]
            if our_case.split()[0] != "path":
                asked += [
                    (name, runner, peer_case, images)
                    for name, runner in peers.items()
                    if not (name == "onnx" and peer_case.startswith("gradient"))
                ]
            for name, runner, case, images in asked:
                seconds = runner.seconds(case)
                if round > 0:
                    times.setdefault((our_case, name), []).append(1000 * seconds / images)
            if round > 0:
                peaks.append(ours["ours"].seconds("peak 1"))

    lines = [
        f"Width {arguments.width}, {arguments.px} pixels, {arguments.threads} threads, {arguments.rounds} rounds; "
        f"{processor()}. Peak by a probe between the cases: {statistics.median(peaks):.0f} GFLOP/s a thread "
        f"({min(peaks):.0f}-{max(peaks):.0f}).",
        "",
        "| ms per image, median (fastest) | " + " | ".join([*ours, *peers]) + " | ours / torch-fp32 |",
        "|---" * (len(ours) + len(peers) + 2) + "|",
    ]
    for our_case, peer_case, _ in plan(arguments.batches):
        cells = []
        for name in [*ours, *peers]:
            found = times.get((our_case, name))
            cells.append(f"{statistics.median(found):.2f} ({min(found):.2f})" if found else "-")
        against = times.get((peer_case, "torch-fp32"))
        ratio = statistics.median(times[our_case, "ours"]) / statistics.median(against) if against else None
        lines.append(f"| {our_case} | " + " | ".join(cells) + f" | {ratio:.2f} |" if ratio else f"| {our_case} | " + " | ".join(cells) + " | - |")
    report = "\n".join(lines) + "\n"
    print(report)
    if arguments.out:
        arguments.out.write_text(report)


def processor():
    """The processor's name, where the system tells."""
    try:
        for line in open("/proc/cpuinfo"):
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "a processor that does not tell its name"


if __name__ == "__main__":
    main()
