"""From the file that ships back to weights that training can go on from (`train --start cells.onnx`).

The file holds each convolution with its batch norm folded in, in 8 bits. What is restored computes the same as the
file but for the rounding of its activations; the statistics of each batch norm are measured anew, so that training
starts where the file stands.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from pipeline.training.net import CellNet


def restored(path: Path, images: NDArray[np.uint8], place: NDArray[np.float32]) -> CellNet:
    """The net of an exported file.

    Args:
        path: what `export` wrote.
        images: uint8 (n, 40, 40), some thousand example cells, for the statistics.
        place: float32 (n, 3), where their ink stood.

    Raises:
        ValueError: the file holds another net.
    """
    net = CellNet()
    net.eval()
    layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    norms = [layer for layer in net.modules() if isinstance(layer, nn.BatchNorm2d)]
    found = _weights(path)
    if [tuple(layer.weight.shape) for layer in layers] != [tuple(weight.shape) for weight, _ in found]:
        raise ValueError(f"{path} holds another net than this one")
    with torch.no_grad():
        biases = iter(norms)
        for layer, (weight, bias) in zip(layers, found, strict=True):
            layer.weight.copy_(weight)
            if isinstance(layer, nn.Linear):
                layer.bias.copy_(bias)
            else:
                norm = next(biases)
                norm.running_var.fill_(1 - norm.eps)
                norm.bias.copy_(bias)
        seen = _seen(net, norms, torch.from_numpy(images), torch.from_numpy(place))
        for norm, x in zip(norms, seen, strict=True):
            mean, var = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3))
            norm.bias.add_(mean)
            norm.weight.copy_(torch.sqrt(var + norm.eps))
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(var)
    return net


def _weights(path: Path) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of each layer, in order, out of 8 bits."""
    graph = onnx.load(path).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    made = {output: node for node in graph.node for output in node.output}

    def plain(name: str) -> Tensor:
        if name in stored:
            return torch.from_numpy(stored[name].copy())
        quantised, scale, zero = (stored[part] for part in made[name].input)
        axis = next((a.i for a in made[name].attribute if a.name == "axis"), 0)
        shape = [-1 if scale.ndim and i == axis else 1 for i in range(quantised.ndim)]
        steps = quantised.astype(np.float32) - zero.astype(np.float32).reshape(shape)
        return torch.from_numpy(steps * scale.reshape(shape))

    return [
        (plain(node.input[1]), plain(node.input[2]))
        for node in graph.node
        if node.op_type in ("Conv", "Gemm")
    ]


def _seen(net: CellNet, norms: list[nn.BatchNorm2d], images: Tensor, place: Tensor) -> list[Tensor]:
    """What each batch norm is given for these cells."""
    seen: dict[nn.Module, Tensor] = {}
    hooks = [
        norm.register_forward_pre_hook(lambda layer, x: seen.__setitem__(layer, x[0].clone()))
        for norm in norms
    ]
    net(images, place)
    for hook in hooks:
        hook.remove()
    return [seen[norm] for norm in norms]
