"""Page pictures to the files that an office's scanner leaves, and truths to lines."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import pikepdf
from numpy.typing import NDArray
from pikepdf import Dictionary, Name

from pipeline.training.fill import DPI


def as_jpeg(image: NDArray[np.uint8], quality: int) -> bytes:
    """The JPEG of a grey (H, W) or BGR (H, W, 3) picture."""
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(data, np.uint8).tobytes()


def write_pdf(path: Path, pages: Sequence[tuple[bytes, tuple[int, int]]], title: str) -> None:
    """Writes grey JPEG pages, each with its (height, width) in px at `DPI`, as a scanner's PDF: one image a page."""
    with pikepdf.new() as pdf:
        pdf.docinfo["/Title"] = title
        for data, (height, width) in pages:
            points = width * 72 / DPI, height * 72 / DPI
            image = pdf.make_stream(
                data,
                Type=Name.XObject,
                Subtype=Name.Image,
                Width=width,
                Height=height,
                ColorSpace=Name.DeviceGray,
                BitsPerComponent=8,
                Filter=Name.DCTDecode,
            )
            page = pdf.add_blank_page(page_size=points)
            page.obj.Resources = Dictionary(XObject=Dictionary(Scan=image))
            page.obj.Contents = pdf.make_stream(b"%.4f 0 0 %.4f 0 0 cm /Scan Do" % points)
        pdf.save(path, deterministic_id=True)


def write_lines(path: Path, lines: Iterable[Mapping[str, object]]) -> None:
    """Writes JSON lines."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")


def read_lines(path: Path) -> list[dict[str, object]]:
    """Reads JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
