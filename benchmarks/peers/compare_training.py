#!/usr/bin/python3
"""Our ResNet training step beside the one of Debian's Python PyTorch, in one interleaved run.

    compare_training.py PROGRAM [--depth 56] [--batch 128] [--threads 2] [--rounds 15] [--steps 4] [--json FILE]

PROGRAM is pollard_training_benchmark; the peer needs Debian's python3-torch and python3-numpy. All contestants
start from the same weights and the same batch, and must report the same losses before anything is timed. Then
they take turns of a few steps; each round gives one ratio peer/ours, and the medians are what counts.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# What keep_freed_memory() does for us, for a peer too: freed buffers stay in the process.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "2000000000",
          "MALLOC_TOP_PAD_": "67108864"}


class Worker:
    def __init__(self, name, command, environment=None):
        self.name, self.seconds = name, []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **(environment or {})})

    def run(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 2:
            sys.exit(f"{self.name} ended without an answer")
        return float(answer[0]), float(answer[1])


def check_same_work(workers):
    """The first steps from the same weights must give the same losses."""
    for step in range(3):
        losses = [worker.run(1)[1] for worker in workers]
        if max(losses) - min(losses) > 2e-3 * max(1, step):
            sys.exit(f"the contestants do not do the same work: losses {losses} in step {step + 1}")
    print(f"losses agree: {', '.join(f'{loss:.4f}' for loss in losses)} after 3 steps")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    for name, default in (("depth", 56), ("batch", 128), ("threads", 2), ("rounds", 15), ("steps", 4)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/start.safetensors"
        model = f"resnet{args.depth}"
        subprocess.run([args.program, "start", model, str(args.batch), file], check=True)
        peer = ["/usr/bin/python3", str(HERE / "torch_training.py"), str(args.depth), str(args.threads), file]
        workers = [Worker("pollard", [args.program, "work", model, str(args.threads), file]),
                   Worker("python3-torch", peer),
                   Worker("python3-torch, malloc tuned", peer, MALLOC)]
        check_same_work(workers)
        for worker in workers:
            worker.run(args.steps)  # warm
        for _ in range(args.rounds):
            for worker in workers:
                worker.seconds.append(worker.run(args.steps)[0] / args.steps)
        for worker in workers:
            worker.process.stdin.close()
            worker.process.wait()

    print(f"{model}, batch {args.batch}, {args.threads} thread(s), channels_last, "
          f"{args.rounds} rounds of {args.steps} steps")
    print(f"{'':30} {'median ms':>10} {'fastest':>10} {'slowest':>10} {'images/s':>10} {'ratio':>8} {'quartiles':>15}")
    rows = []
    for worker in workers:
        ratios = [theirs / ours for theirs, ours in zip(worker.seconds, workers[0].seconds)]
        middle = statistics.median(worker.seconds)
        low, _, high = statistics.quantiles(ratios, n=4)
        rows.append({"name": worker.name, "median_ms": 1e3 * middle, "fastest_ms": 1e3 * min(worker.seconds),
                     "slowest_ms": 1e3 * max(worker.seconds), "images_per_second": args.batch / middle,
                     "ratio": statistics.median(ratios), "quartiles": [low, high]})
        row = rows[-1]
        print(f"{worker.name:30} {row['median_ms']:10.1f} {row['fastest_ms']:10.1f} {row['slowest_ms']:10.1f} "
              f"{row['images_per_second']:10.0f} {row['ratio']:8.3f} {low:7.3f}–{high:.3f}")
    if args.json:
        conditions = {key: value for key, value in vars(args).items() if key not in ("program", "json")}
        pathlib.Path(args.json).write_text(json.dumps({"conditions": conditions, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
