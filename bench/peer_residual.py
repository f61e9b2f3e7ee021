"""A peer of `pnpm bench`: training steps of a network of the space `residual`, Child and Parent, in PyTorch.

    pnpm bench --arch bench/residual.json --cells 3 --batch 128 --python /usr/bin/python3 --peer bench/peer_residual.py

On Debian PyTorch is the package python3-torch. Prints a JSON line: child_ms and parent_ms (median; forward, backward, clipping, SGD with
momentum) and images_per_s.
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class Sign(torch.autograd.Function):
    """+1 at 0; the gradient passes where |x| <= 1."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype) * 2 - 1

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (x.abs() <= 1)


class Convolution(nn.Module):
    """Activation, convolution, normalization; 1-bit operands (XNOR-Net's scale a channel) if `binary`."""

    def __init__(self, inputs, outputs, size, dilation=1, binary=False, activation=True):
        super().__init__()
        self.binary, self.activation, self.dilation = binary, activation, dilation
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size) * (2 / (inputs * size * size)) ** 0.5)
        self.padding = (size - 1) // 2 * dilation
        self.normalization = nn.BatchNorm2d(outputs, affine=False, track_running_stats=False)

    def forward(self, x):
        weight = self.weight
        if self.binary:
            x = Sign.apply(x)
            weight = weight.abs().mean(dim=(1, 2, 3), keepdim=True) * Sign.apply(weight)
        elif self.activation:
            x = F.relu(x)
        return self.normalization(F.conv2d(x, weight, None, 1, self.padding, self.dilation))


def operation(name, channels, binary):
    normalization = nn.BatchNorm2d(channels, affine=False, track_running_stats=False)
    if name == "none":
        return None
    if name == "max_pool_3x3":
        return nn.Sequential(nn.MaxPool2d(3, 1, 1), normalization)
    if name == "avg_pool_3x3":
        return nn.Sequential(nn.AvgPool2d(3, 1, 1, count_include_pad=False), normalization)
    size, dilation = (1, 1) if name == "conv_1x1" else (3, 2 if name == "conv_3x3_dilated" else 1)
    return Convolution(channels, channels, size, dilation, binary)


class Input(nn.Module):
    """A cell's input: halved by average pooling, then projected, where its size differs."""

    def __init__(self, inputs, channels, halvings):
        super().__init__()
        self.halvings = halvings
        same = halvings == 0 and inputs == channels
        self.project = nn.Identity() if same else Convolution(inputs, channels, 1, activation=False)

    def forward(self, x):
        for _ in range(self.halvings):
            x = F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
        return self.project(x)


class Cell(nn.Module):
    """Four nodes, each the sum of the node before and of the edges from the two nodes before, and PReLU after it."""

    def __init__(self, names, inputs, channels, reduction, previous_reduced, binary):
        super().__init__()
        halvings = int(reduction)
        self.inputs = nn.ModuleList([Input(inputs[0], channels, halvings + previous_reduced), Input(inputs[1], channels, halvings)])
        self.operations = nn.ModuleList([operation(name, channels, binary) or nn.Module() for name in names])
        self.present = [name != "none" for name in names]
        self.slopes = nn.ModuleList([nn.PReLU(channels) for _ in range(4)])

    def forward(self, a, b):
        nodes = [self.inputs[0](a), self.inputs[1](b)]
        for node in range(4):
            total = nodes[-1]
            for edge, source in ((2 * node, nodes[-2]), (2 * node + 1, nodes[-1])):
                if self.present[edge]:
                    total = total + self.operations[edge](source)
            nodes.append(self.slopes[node](total))
        return nodes[-1]


class Network(nn.Module):
    def __init__(self, architecture, cells, channels, binary):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))
        self.cells = nn.ModuleList()
        inputs, reduced = [channels, channels], False
        for index in range(cells):
            reduction = index in (cells // 3, 2 * cells // 3)
            channels *= 2 if reduction else 1
            names = architecture["reduce" if reduction else "normal"]
            self.cells.append(Cell(names, inputs, channels, reduction, reduced, binary))
            inputs, reduced = [inputs[1], channels], reduction
        self.head = nn.Linear(channels, 10)

    def forward(self, x):
        a = b = self.stem(x)
        for cell in self.cells:
            a, b = b, cell(a, b)
        return self.head(b.mean((2, 3)))


def milliseconds(network, images, labels, steps):
    optimizer = torch.optim.SGD(network.parameters(), 0.025, momentum=0.9, weight_decay=3e-4)
    times = []
    for step in range(steps + 2):
        begun = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(network(images), labels).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5)
        optimizer.step()
        if step >= 2:
            times.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--arch", required=True)
    for name in ("threads", "batch", "cells", "channels", "size", "steps"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--channels-last", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    with open(given.arch) as file:
        architecture = json.load(file)
    layout = torch.channels_last if given.channels_last else torch.contiguous_format
    images = torch.randn(given.batch, 3, given.size, given.size).contiguous(memory_format=layout)
    labels = torch.randint(0, 10, (given.batch,))
    result = {}
    for kind, binary in (("child", True), ("parent", False)):
        network = Network(architecture, given.cells, given.channels, binary).to(memory_format=layout)
        result[f"{kind}_ms"] = milliseconds(network, images, labels, given.steps)
    result["images_per_s"] = given.batch / (result["child_ms"] + result["parent_ms"]) * 1e3
    print(json.dumps(result))


main()
