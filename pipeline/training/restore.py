"""From the files that ship back to nets that can be trained on.

The 8-bit net holds its convolutions with their norms folded in. Each norm gets what its channels look like on freshly
drawn cells as its statistics, and the scale and shift that undo them, so that the net says what it said before, to the
precision of its 8 bits. The layer that tells what the second reader sees does not ship; it is fitted by least squares.
"""

from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from pipeline.recognition.second import model_file, open_sight
from pipeline.training.cells import Sources, draw_cells
from pipeline.training.net import Pair

_SEED: Final = 5
_CELLS: Final = 16_000
_FEW: Final = 4_000
_RIDGE: Final = 50.0


def restore(models: Path, data: Path) -> Pair:
    """Nets in evaluation mode that read as `cells.onnx` and `second.npz` of a folder do.

    Args:
        models: the folder.
        data: the data folder; cells of the training writers set the norms and the layer that does not ship.

    Raises:
        SystemExit: the second reader is not installed.
        ValueError: the files are of other nets than `pipeline.training.net` makes.
    """
    path = model_file()
    if path is None:
        raise SystemExit("The second reader is not installed. Install it with: make setup")
    drawn = draw_cells(np.random.default_rng(_SEED), Sources.load(data, "train"), _CELLS)
    images, place = (torch.from_numpy(array) for array in drawn[:2])
    seen = torch.from_numpy(open_sight(path).features(drawn[0]))
    nets = Pair()
    nets.eval()
    with torch.no_grad():
        _first(nets, models / "cells.onnx")
        _set_norms(nets, images[:_FEW], place[:_FEW])
        _second(nets, models / "second.npz", seen)
        _fit_told(nets, images, place, seen)
    return nets


def _first(nets: Pair, path: Path) -> None:
    """The weights of the first reader, its norms left as the identity."""
    layers = [one for one in nets.cells.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
    norms = [one for one in nets.cells.modules() if isinstance(one, nn.BatchNorm2d)]
    held = _weights(path)
    if [tuple(layer.weight.shape) for layer in layers] != [weight.shape for weight, _ in held]:
        raise ValueError(f"{path} holds another net")
    for layer, (weight, bias) in zip(layers, held, strict=True):
        layer.weight.copy_(torch.from_numpy(weight))
        if layer.bias is not None:
            layer.bias.copy_(torch.from_numpy(bias))
    for norm, (_, bias) in zip(norms, held, strict=False):
        norm.bias.copy_(torch.from_numpy(bias))
        norm.running_var.fill_(1 - norm.eps)


def _weights(path: Path) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Weight and bias of each layer of an 8-bit net, in the order in which they are used."""
    graph = onnx.load(str(path)).graph
    constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            whole, scale, zero = (constants[name].astype(np.float32) for name in node.input)
            axis = next((one.i for one in node.attribute if one.name == "axis"), 0)
            shape = [-1 if scale.size > 1 and i == axis else 1 for i in range(whole.ndim)]
            constants[node.output[0]] = (whole - zero.reshape(shape)) * scale.reshape(shape)
    used = (node for node in graph.node if node.op_type in ("Conv", "Gemm"))
    return [(constants[node.input[1]], constants[node.input[2]]) for node in used]


def _set_norms(nets: Pair, images: Tensor, place: Tensor) -> None:
    """Gives each norm its channels' statistics, and the scale and shift that undo them."""
    found: dict[nn.BatchNorm2d, Tensor] = {}
    norms = [one for one in nets.cells.modules() if isinstance(one, nn.BatchNorm2d)]
    hooks = [
        norm.register_forward_hook(lambda norm, given, _: found.__setitem__(norm, given[0])) for norm in norms
    ]
    nets.cells.seen(images, place)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        mean, variance = found[norm].mean((0, 2, 3)), found[norm].var((0, 2, 3))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        norm.bias.add_(mean)


def _second(nets: Pair, path: Path, seen: Tensor) -> None:
    """The weights of the second reader's head, what it sees of drawn cells being its norm's statistics."""
    with np.load(path, allow_pickle=False) as file:
        w1, b1, w2, b2 = (
            torch.from_numpy(file[name].astype(np.float32)) for name in ("w1", "b1", "w2", "b2")
        )
    head, mean, variance = nets.second, seen.mean(0), seen.var(0)
    head.norm.running_mean.copy_(mean)
    head.norm.running_var.copy_(variance)
    head.inner.weight.copy_(w1.T * torch.sqrt(variance + head.norm.eps))
    head.inner.bias.copy_(b1 + w1.T @ mean)
    head.outer.weight.copy_(w2.T)
    head.outer.bias.copy_(b2)


def _fit_told(nets: Pair, images: Tensor, place: Tensor, seen: Tensor) -> None:
    chunks = zip(images.split(_FEW), place.split(_FEW), strict=True)
    own = torch.cat([nets.cells.seen(*chunk) for chunk in chunks])
    own = torch.cat([own, torch.ones(len(own), 1)], dim=1).double()
    squares = own.T @ own + _RIDGE * torch.eye(own.shape[1], dtype=torch.double)
    found = torch.linalg.solve(squares, own.T @ nets.second.norm(seen).double()).float()
    nets.told.weight.copy_(found[:-1].T)
    nets.told.bias.copy_(found[-1])
