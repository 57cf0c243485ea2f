"""Exports a small network as PyTorch's users do: export_onnx.py FILE [folded]

For images of 1x28x28 and 10 classes. "folded": as torch.onnx.export does by itself, with batch norms
folded into convolutions and constants computed.
"""

import sys

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, 2)

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU6(), nn.MaxPool2d(2))
        self.block1 = Block(8, 16)
        self.block2 = Block(16, 32)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        x = self.block2(self.block1(self.stem(x)))
        x = torch.nn.functional.adaptive_avg_pool2d(x, 1).view(x.shape[0], -1)
        return self.head(self.dropout(x))


torch.manual_seed(1)
as_it_is = {} if "folded" in sys.argv else {
    "training": torch.onnx.TrainingMode.PRESERVE,
    "do_constant_folding": False,
}
torch.onnx.export(
    Net().eval(),
    torch.randn(2, 1, 28, 28),
    sys.argv[1],
    input_names=["images"],
    output_names=["logits"],
    dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}},
    opset_version=13,
    **as_it_is,
)
