#!/usr/bin/env python3
"""Writes checkpoints with Python's PyTorch, and beside each what a reader must find in it.

write_checkpoints.py FOLDER [WEIGHTS.safetensors]

FOLDER/expected.txt has a line for each tensor: FILE NAME DTYPE SHAPE RAW, separated by tabs, DTYPE as in
safetensors, SHAPE "3,3" ("" for a scalar), RAW the file of its elements, row by row. Files that must be
refused have a line FILE refused PART, a part of the message. With WEIGHTS, FOLDER/published.th holds them
as their authors' training script saves them.
"""
import argparse
import collections
import json
import os
import sys

import torch
from torch import nn
from torch.nn.utils import prune

folder = sys.argv[1]
lines = []
names = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
         torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8",
         torch.bool: "BOOL"}


def raw_bytes(tensor):
    flat = tensor.detach().contiguous().reshape(-1)
    return bytes(flat.view(torch.uint8).tolist()) if flat.numel() > 0 else b""


def expect(file, tensors):
    for name, tensor in tensors.items():
        raw = f"{len(lines)}.raw"
        with open(os.path.join(folder, raw), "wb") as out:
            out.write(raw_bytes(tensor))
        shape = ",".join(str(size) for size in tensor.shape)
        lines.append(f"{file}\t{name}\t{names[tensor.dtype]}\t{shape}\t{raw}")


def save(name, value, tensors, **options):
    """In both formats."""
    for format, new in (("new", True), ("old", False)):
        file = f"{name}-{format}.pth"
        torch.save(value, os.path.join(folder, file), _use_new_zipfile_serialization=new, **options)
        expect(file, tensors)


def refuse(name, value, part):
    for format, new in (("new", True), ("old", False)):
        file = f"{name}-{format}.pth"
        torch.save(value, os.path.join(folder, file), _use_new_zipfile_serialization=new)
        lines.append(f"{file}\trefused\t{part}")


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 5))


torch.manual_seed(1)
net = Net()
state = net.state_dict()
save("state", state, state)
save("protocol-4", state, state, pickle_protocol=4)
save("parameters", dict(net.named_parameters()), dict(net.named_parameters()))
save("parallel", nn.DataParallel(net).state_dict(), state)
save("half", net.half().state_dict(), net.half().state_dict())
save("bfloat", net.bfloat16().state_dict(), net.bfloat16().state_dict())
net.float()

base = torch.arange(120, dtype=torch.float32)
views = {
    "transposed": base.view(10, 12).t(),
    "permuted": base.view(2, 3, 4, 5).permute(3, 1, 0, 2),
    "sliced": base.view(10, 12)[2:7:2, 1::3],
    "offset": base[17:23],
    "expanded": base[5:6].expand(4, 3),
    "scalar": base[7],
    "empty": base[120:].view(0, 4),
    "channels_last": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
    "tied": base,
}
save("views", views, views)

kinds = {names[kind]: (torch.arange(-3, 4) * 1.5).to(kind) for kind in names}
save("kinds", kinds, kinds)

optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
net(torch.randn(2, 3, 4, 4)).sum().backward()
optimizer.step()
state = net.state_dict()
training = {
    "epoch": 3,
    "state_dict": state,
    "best_prec1": torch.tensor(91.7),
    "optimizer": optimizer.state_dict(),
    "args": argparse.Namespace(lr=0.1, arch="resnet20"),
    "log": [0.5] * 1000,
    "seen": {1, 2},
    "history": collections.defaultdict(list, loss=[1.0, 2.0]),
    "rng": torch.get_rng_state(),
    "large": 1 << 200,
}
save("training", training, state)
save("model", {"model": state, "iteration": 7}, state)

pruned = Net()
for module, name in ((pruned[0], "weight"), (pruned[3], "weight")):
    prune.l1_unstructured(module, name, amount=0.5)
prune.random_structured(pruned[3], "weight", amount=0.2, dim=0)
state = pruned.state_dict()
assert "0.weight_orig" in state and "3.weight_mask" in state
for module in (pruned[0], pruned[3]):
    prune.remove(module, "weight")
save("pruned", state, pruned.state_dict())
save("pruned-parallel", {"net": {"module." + name: value for name, value in state.items()}},
     pruned.state_dict())

refuse("whole", nn.Sequential(nn.Linear(2, 2)), "whole pickled model, a torch.nn.modules.container.Sequential")
refuse("nothing", {"epoch": 3}, "holds no tensors by name")
refuse("sparse", {"w": torch.eye(3).to_sparse()}, "made by torch._utils._rebuild_sparse_tensor")
refuse("complex", {"w": torch.zeros(2, dtype=torch.complex64)}, "torch.ComplexFloatStorage")
torch.jit.save(torch.jit.script(nn.Linear(2, 2)), os.path.join(folder, "script.pt"))
lines.append("script.pt\trefused\tTorchScript")

if len(sys.argv) > 2:
    with open(sys.argv[2], "rb") as file:
        content = file.read()
    begin = 8 + int.from_bytes(content[:8], "little")
    weights = collections.OrderedDict()
    for name, entry in json.loads(content[8:begin]).items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            data = torch.frombuffer(bytearray(content[begin + first:begin + last]), dtype=torch.float32)
            weights["module." + name] = data.reshape(entry["shape"])
    torch.save({"state_dict": weights, "best_prec1": 91.73}, os.path.join(folder, "published.th"))

with open(os.path.join(folder, "expected.txt"), "w") as out:
    out.write("".join(line + "\n" for line in lines))
