"""Times the engine beside PyTorch and ONNX Runtime, in turn, in one run.

    pip install -r bench/requirements.txt
    cargo build --release -p rating-frozen --example stopwatch
    python bench/compare.py [--width 64] [--px 224] [--threads 2] [--rounds 9] [--out FILE]

Every runtime is a process of its own that waits for its turn; a round asks each of them for each case once, after one
round that is thrown away. Figures are medians over rounds, in milliseconds per image, with the fastest in brackets.
"""

import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
STOPWATCH = HERE.parent / "target/release/examples/stopwatch"
PEERS = ["torch-fp32", "torch-bf16", "onnx"]
# What makes PyTorch leave AVX-512 alone, to set our AVX2 kernels against.
ONLY_AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
# Points of a path of integrated gradients; each thread follows one.
STEPS = 48


class Runner:
    """A process that answers cases with seconds."""

    def __init__(self, name, command, environment=None):
        self.name = name
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def seconds(self, case):
        # Threads of whoever worked last may still be waiting in a loop.
        time.sleep(0.3)
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
    yield f"path {STEPS}", f"gradient {max(batches)}", STEPS


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

    ours = {"ours": Runner("ours", [STOPWATCH, *size])}
    ours["ours, AVX2"] = Runner("ours, AVX2", [STOPWATCH, *size], {**os.environ, "RATING_KERNELS": "avx2"})
    peer = [sys.executable, HERE / "peers.py"]
    peers = {name: Runner(name, [*peer, name, *size]) for name in arguments.peers}
    if "torch-fp32" in peers:
        only_avx2 = {**os.environ, **ONLY_AVX2}
        peers["torch-fp32, AVX2"] = Runner("torch-fp32, AVX2", [*peer, "torch-fp32", *size], only_avx2)

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
                    passes = images * (arguments.threads if case.startswith("path") else 1)
                    times.setdefault((our_case, name), []).append(1000 * seconds / passes)
            if round > 0:
                peaks.append(ours["ours"].seconds("peak 1"))

    median = {key: statistics.median(found) for key, found in times.items()}
    lines = [
        f"Width {arguments.width}, {arguments.px} pixels, {arguments.threads} threads, {arguments.rounds} rounds; "
        f"{processor()}. Peak by a probe between the cases: {statistics.median(peaks):.0f} GFLOP/s a thread "
        f"({min(peaks):.0f}-{max(peaks):.0f}).",
        "",
        "| ms per image, median (fastest) | " + " | ".join([*ours, *peers]) + " |",
        "|---" * (len(ours) + len(peers) + 1) + "|",
    ]
    for our_case, _, _ in plan(arguments.batches):
        cells = []
        for name in [*ours, *peers]:
            found = times.get((our_case, name))
            cells.append(f"{median[our_case, name]:.2f} ({min(found):.2f})" if found else "-")
        lines.append(f"| {our_case} | " + " | ".join(cells) + " |")
    pairs = [(our, peer) for our in ours for peer in peers if (our == "ours, AVX2") == peer.endswith("AVX2")]
    pairs += [("ours, AVX2", "torch-fp32")] if "torch-fp32" in peers else []
    lines += ["", "| our time as a share of theirs | " + " | ".join(f"{our} / {peer}" for our, peer in pairs) + " |"]
    lines.append("|---" * (len(pairs) + 1) + "|")
    for our_case, peer_case, _ in plan(arguments.batches):
        cells = []
        for our, peer in pairs:
            theirs = median.get((peer_case, peer))
            cells.append(f"{median[our_case, our] / theirs:.2f}" if theirs else "-")
        lines.append(f"| {our_case} | " + " | ".join(cells) + " |")
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
