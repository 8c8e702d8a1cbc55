"""From trained weights to the file that ships: ONNX, its weights and activations in 8 bits.

Weights keep 7 bits, so that processors without VNNI add up in 16 bits without overflow and every PC reads the same
(ONNX Runtime, "Quantize ONNX models", reduce_range). A third of the time, and no worse.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from pipeline.training.hidden import show_hidden

_CHUNK = 512


class _Examples(CalibrationDataReader):  # type: ignore[misc]
    """Hands cells to the quantiser, which notes how large each activation gets."""

    def __init__(self, images: NDArray[np.uint8], place: NDArray[np.float32]) -> None:
        self._chunks: Iterator[dict[str, NDArray[np.generic]]] = iter(
            [
                {"images": images[i : i + _CHUNK], "place": place[i : i + _CHUNK]}
                for i in range(0, len(images), _CHUNK)
            ]
        )

    def get_next(self) -> dict[str, NDArray[np.generic]] | None:
        """The next inputs, or None."""
        return next(self._chunks, None)


def export(net: nn.Module, path: Path, images: NDArray[np.uint8], place: NDArray[np.float32]) -> None:
    """Writes a cell net as 8-bit ONNX with a free number of cells.

    Args:
        net: a `CellNet` in evaluation mode.
        path: the file to write.
        images: uint8 (n, 40, 40), example cells that set the activations' ranges.
        place: float32 (n, 3), where their ink stood.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain, prepared = Path(folder) / "plain.onnx", Path(folder) / "prepared.onnx"
        torch.onnx.export(
            net,
            (torch.zeros(2, 40, 40, dtype=torch.uint8), torch.zeros(2, 3)),
            str(plain),
            input_names=["images", "place"],
            output_names=["logits"],
            dynamic_axes={"images": {0: "n"}, "place": {0: "n"}, "logits": {0: "n"}},
            opset_version=17,
            dynamo=False,
        )
        quant_pre_process(str(plain), str(prepared))
        quantize_static(
            str(prepared),
            str(path),
            _Examples(images, place),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )
    show_hidden(path)
