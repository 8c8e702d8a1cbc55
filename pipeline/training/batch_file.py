"""Page pictures to the files that an office's scanner leaves, and truths to lines."""

import json
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from pipeline.training.fill import DPI


def as_jpeg(image: NDArray[np.uint8], quality: int) -> bytes:
    """The JPEG of a grey (H, W) or BGR (H, W, 3) picture."""
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(data, np.uint8).tobytes()


def write_pdf(path: Path, pages: Sequence[tuple[bytes, tuple[int, int]]], title: str) -> None:
    """Writes JPEG pages, each with its (height, width) in px at `DPI`, as one PDF without recoding them."""
    canvas = Canvas(str(path), invariant=1, pageCompression=0)
    canvas.setTitle(title)
    for data, (height, width) in pages:
        size = width * 72 / DPI, height * 72 / DPI
        canvas.setPageSize(size)
        canvas.drawImage(ImageReader(BytesIO(data)), 0, 0, *size)
        canvas.showPage()
    canvas.save()


def write_lines(path: Path, lines: Iterable[Mapping[str, object]]) -> None:
    """Writes JSON lines."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")


def read_lines(path: Path) -> list[dict[str, object]]:
    """Reads JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
