"""The peer of pollard_training_benchmark's `work`: the same steps in Python's PyTorch.

    torch_training.py DEPTH THREADS FILE.safetensors

Reads a number of steps a line, answers "SECONDS LOSS". The network is the CIFAR ResNet of He et al. 2016
(section 4.2) with option-A shortcuts; channels_last, SGD with Nesterov momentum and weight decay.
"""
import json
import struct
import sys
import time

import numpy
import torch
from torch import nn
from torch.nn import functional


def conv3x3(inputs, outputs, stride):
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = conv3x3(inputs, outputs, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv3x3(outputs, outputs, 1), nn.BatchNorm2d(outputs)
        self.stride, self.missing = stride, outputs - inputs

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        if self.missing:
            half = self.missing // 2
            x = functional.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, half, half))
        return functional.relu(y + x, inplace=True)


class ResNet(nn.Module):
    def __init__(self, depth):
        super().__init__()
        blocks = (depth - 2) // 6
        self.conv1, self.bn1 = conv3x3(3, 16, 1), nn.BatchNorm2d(16)
        width = 16
        for stage, outputs in enumerate((16, 32, 64), start=1):
            layers = []
            for index in range(blocks):
                layers.append(Block(width, outputs, 2 if stage > 1 and index == 0 else 1))
                width = outputs
            setattr(self, f"layer{stage}", nn.Sequential(*layers))
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = numpy.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors


def main():
    depth, threads, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(threads)
    tensors = read_safetensors(path)
    images = tensors.pop("batch.images").permute(0, 3, 1, 2)  # channels last in memory already
    labels = tensors.pop("batch.labels").long()
    model = ResNet(depth).to(memory_format=torch.channels_last)
    missing, unknown = model.load_state_dict(tensors, strict=False)
    assert not unknown and all(name.endswith("num_batches_tracked") for name in missing)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=2e-4)
    model.train()
    for line in sys.stdin:
        steps, losses = int(line), []
        started = time.perf_counter()
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        seconds = time.perf_counter() - started
        print(f"{seconds:.6f} {torch.stack(losses).mean().item():.6f}", flush=True)


main()
