#!/usr/bin/env python3
"""Runs a table's cells with `pollard`, one run a cell, and writes the table.

    paper/grid.py allocations    five allocations x six sparsities, pretrained ResNet-20
    paper/grid.py schedules      six retraining schedules, pretrained ResNet-20
    paper/grid.py methods        every method on Fashion-MNIST

Cells that are done are not run again, a cell that was stopped goes on where it was: call it as
often as you like. Tables appear under paper/results/ as Markdown and CSV, with their conditions.
CIFAR-10 and the weights are where scripts/fetch-data.sh finds them, or in --data DIR.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ALLOCATIONS = ["global", "uniform", "uniform+", "erk", "lamp"]
SPARSITIES = [0.5, 0.7, 0.8, 0.9, 0.95, 0.98]
SCHEDULES = ["ft", "lrw", "slr", "clr", "llr", "allr"]
METHODS = ["gmp", "gsm", "lc", "dpf", "dnw", "cs", "str", "dst"]


def resnet20(data):
    return ["model=resnet20", f"weights={data}/weights/resnet20-cifar10.safetensors",
            "data=cifar10", f"data.path={data}/cifar-10-batches-bin",
            "data.normalization=imagenet"]


# Renda et al.'s recipe for CIFAR-10: 182 epochs, batch 128, 0.1 divided by 10 after 91 and 136.
RENDA = ["train.epochs=182", "train.lr=0.1", "train.batch_size=128", "train.schedule=step",
         "train.milestones=[0.5,0.7472527472527473]", "train.gamma=0.1", "train.nesterov=false",
         "train.weight_decay=2e-4"]

# A few epochs, as configs/quickstart.toml. FT retrains at the last rate of the dense training, so
# that is stepped down once only: two epochs at 0.001 would hardly move a weight.
FASHION = ["model=resnet8", "data=fashion-mnist", "initialization=kaiming", "train.epochs=6",
           "train.batch_size=128", "train.lr=0.1", "train.schedule=step", "train.milestones=[0.67]", "train.warmup=0.5",
           "train.weight_decay=5e-4", "retrain.epochs=2", "retrain.schedule=ft",
           "prune.sparsity=0.9"]
OWN_SETTINGS = {
    "lc": ["method.lc.steps=6", "method.lc.growth=1.74"],  # 1.74^5 = 15.9, C22's final factor
    # Its momentum with the same rate / (1 - momentum). What is not selected only decays: to a
    # seventh in these few epochs with this decay, but to a third with the others' 5e-4.
    "gsm": ["train.momentum=0.98", "train.nesterov=false", "train.lr=0.02",
            "train.weight_decay=1e-3"],
}


def run(pollard, name, verb, settings, threads):
    """result.json of the cell, from its folder or a run."""
    folder = ROOT / "runs" / "paper" / name
    file = folder / "result.json"
    if not (file.exists() and json.loads(file.read_text())["status"] == "done"):
        command = [pollard, verb, *settings, f"threads={threads}", f"out={folder}", "--resume",
                   "--quiet"]
        print(" ".join(map(str, command)), file=sys.stderr, flush=True)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads(file.read_text()), json.loads((folder / "environment.json").read_text())


def stage(result, kind):
    return next((s for s in result["stages"] if s["kind"] == kind), None)


def write(name, head, rows, notes):
    out = ROOT / "paper" / "results"
    out.mkdir(parents=True, exist_ok=True)
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    (out / f"{name}.md").write_text("\n".join(notes + [""] + lines) + "\n")
    with open(out / f"{name}.csv", "w", newline="") as file:
        csv.writer(file).writerows([head] + rows)
    print("\n".join(lines))


def conditions(environment):
    keys = ["pollard", "libtorch", "threads", "device", "blas", "cpu"]
    return "; ".join(f"{k}: {environment[k]}" for k in keys if k in environment)


def allocations(args):
    rows = []
    for allocation in ALLOCATIONS:
        for sparsity in SPARSITIES:
            result, environment = run(
                args.pollard, f"allocations/{allocation}-{sparsity}", "prune",
                resnet20(args.data) + [f"prune.allocation={allocation}",
                                       f"prune.sparsity={sparsity}", "retrain.epochs=0"],
                args.threads)
            pruned = stage(result, "prune")
            rows.append([allocation, f"{sparsity:g}", str(pruned["sparsity"]["kept"]),
                         str(pruned["sparsity"]["of"]), f"{pruned['theoretical_speedup']:.4f}",
                         f"{pruned['test']['top1']:.2f}", f"{pruned['stability']:.4f}"])
    write("resnet20-allocations",
          ["allocation", "sparsity", "kept", "of", "theoretical speedup", "top-1 %", "stability"],
          rows, ["# ResNet-20 on CIFAR-10, pruned in one shot and not retrained", "",
                 "Pretrained (91.73 %), evaluation mode, 10,000 test images; stability = top-1 over "
                 "91.73 %.", "", conditions(environment)])


def schedules(args):
    rows = []
    for schedule in SCHEDULES:
        result, environment = run(
            args.pollard, f"schedules/{schedule}", "prune",
            resnet20(args.data) + RENDA + ["prune.sparsity=0.9", "retrain.epochs=3",
                                           f"retrain.schedule={schedule}"], args.threads)
        pruned, retrained = stage(result, "prune"), stage(result, "retrain")
        rows.append([schedule.upper(), f"{pruned['test']['top1']:.2f}",
                     f"{retrained['test']['top1']:.2f}", f"{retrained['test']['loss']:.3f}",
                     f"{retrained['seconds']:.0f}"])
    write("resnet20-schedules",
          ["schedule", "pruned, top-1 %", "retrained, top-1 %", "test loss", "seconds"], rows,
          ["# ResNet-20 on CIFAR-10: one shot to 90 %, then 3 epochs of each schedule", "",
           "Pretrained (91.73 %), global magnitude; original schedule: Renda et al.'s 182 epochs; "
           "one seed. Wall-clock of the retraining on a shared machine.", "",
           conditions(environment)])


def methods(args):
    rows = []
    dense, environment = run(args.pollard, "methods/imp", "run", FASHION, args.threads)
    reference = stage(dense, "train")
    for name in ["imp"] + METHODS:
        own = [] if name == "imp" else [f"train.method={name}"] + OWN_SETTINGS.get(name, [])
        # The last value of a key counts.
        result, environment = run(args.pollard, f"methods/{name}", "run", FASHION + own,
                                  args.threads)
        trained, pruned = stage(result, "train"), stage(result, "prune")
        retrained = stage(result, "retrain")
        seconds = sum(s["seconds"] for s in result["stages"])
        rows.append([name.upper(), f"{reference['test']['top1']:.2f}",
                     f"{trained['test']['top1']:.2f}", f"{pruned['test']['top1']:.2f}",
                     f"{retrained['test']['top1']:.2f}",
                     f"{100 * pruned['sparsity']['prunable']:.3f}",
                     f"{pruned['theoretical_speedup']:.2f}",
                     f"{seconds / reference['seconds']:.2f}"])
    write("fashion-mnist-methods",
          ["method", "dense reference, top-1 %", "trained, top-1 %", "after the hard prune, top-1 %",
           "after FT, top-1 %", "actual sparsity %", "theoretical speedup", "time ratio"], rows,
          ["# Every method on Fashion-MNIST, goal 90 %", "",
           "ResNet-8, " + " ".join(FASHION[2:]) + "; " +
           "; ".join(f"{k}: {' '.join(v)}" for k, v in OWN_SETTINGS.items()) + "; one seed.", "",
           "Time ratio: all phases over dense training, wall-clock on a shared machine.", "",
           conditions(environment)])


def main():
    tables = {"allocations": allocations, "schedules": schedules, "methods": methods}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("table", choices=tables)
    parser.add_argument("--pollard", default=str(ROOT / "build/release/apps/pollard/pollard"))
    parser.add_argument("--data", help="folder of CIFAR-10 and the pretrained weights")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    if args.table != "methods" and not args.data:
        fetch = subprocess.run([ROOT / "scripts/fetch-data.sh"], check=True, text=True,
                               stdout=subprocess.PIPE)
        args.data = fetch.stdout.strip() or parser.error("--data is needed: CIFAR-10 is not here")
    tables[args.table](args)


if __name__ == "__main__":
    main()
