"""Files that are broken, lie about themselves, or are no files at all."""

import io
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from pipeline.forms.catalogue import Catalogue
from pipeline.training.batch_file import as_jpeg, write_pdf
from pipeline.training.hostile_pages import Own, Picture


@dataclass(frozen=True, slots=True)
class Made:
    """An input: where it lies, and the sample pages that it may be read as."""

    path: Path
    owners: tuple[Own, ...] = ()


@dataclass(frozen=True, slots=True)
class Bench:
    """What inputs are made of.

    Attributes:
        folder: of this input, empty.
        shared: a folder for what is costly to make and the same each time.
    """

    pages: tuple[Own, ...]
    catalogue: Catalogue
    folder: Path
    shared: Path

    def pick(self, rng: np.random.Generator) -> Own:
        """Any sample page."""
        return self.pages[int(rng.integers(len(self.pages)))]

    def once(self, name: str, make: Callable[[], bytes]) -> Path:
        """A file that is made once a run."""
        path = self.shared / name
        if not path.exists():
            path.write_bytes(make())
        return path


SUFFIXES: Final = (".jpg", ".png", ".tif", ".pdf")
_TIFF: Final = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "group4", "jpeg")
_FOREIGN: Final = (
    b"PK\x03\x04\x14\x00\x06\x00" + b"word/document.xml" * 40, b"GIF89a\x10\x00\x10\x00" + bytes(200),
    b"BM\x36\x00\x0c\x00" + bytes(300), b"\x00\x00\x00\x18ftypheic" + bytes(300), b"MZ\x90\x00" + bytes(500),
    b"<html><body>Halaman tidak ditemukan</body></html>", b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(100), b"\x00" * 5000,
    "Nama;NIK\nSARKANI;6311021610969574\n".encode("utf-16"), b"\xff" * 700, b"%!PS-Adobe-3.0\nshowpage\n",
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n", b"II*\x00", b"%PDF-1.7",
)  # fmt: skip


def save(picture: Picture, path: Path, rng: np.random.Generator) -> Path:
    """Writes a picture as the file that its suffix names; what a PDF or JPEG cannot hold goes as PNG."""
    if path.suffix in (".jpg", ".pdf") and min(picture.shape) > 20 and max(picture.shape) < 60000:
        data = as_jpeg(picture, int(rng.integers(40, 95)))
        if path.suffix == ".jpg":
            path.write_bytes(data)
        else:
            write_pdf(path, [(data, (picture.shape[0], picture.shape[1]))], "x")
        return path
    if path.suffix == ".tif":
        way = str(rng.choice(_TIFF))
        image = Image.fromarray(picture)
        (image.convert("1") if way == "group4" else image).save(path, compression=way)
        return path
    path = path.with_suffix(".png")
    Image.fromarray(picture).save(path, compress_level=1)
    return path


def _whole(bench: Bench, rng: np.random.Generator) -> Made:
    """A sound file of one page at 150 dpi or 300, in any format."""
    own = bench.pick(rng)
    suffix = SUFFIXES[int(rng.integers(4))]
    step = 1 if suffix in (".jpg", ".pdf") else 2
    picture = np.ascontiguousarray(own.picture[::step, ::step])
    return Made(save(picture, bench.folder / f"scan{suffix}", rng), (own,))


def truncated(bench: Bench, rng: np.random.Generator) -> Made:
    """A file whose end never arrived."""
    made = _whole(bench, rng)
    data = made.path.read_bytes()
    made.path.write_bytes(data[: max(1, int(len(data) * rng.uniform(0, 1)))])
    return made


def flipped(bench: Bench, rng: np.random.Generator) -> Made:
    """A file some of whose bytes are others; half of the time those of its head."""
    made = _whole(bench, rng)
    data = np.frombuffer(made.path.read_bytes(), np.uint8).copy()
    within = len(data) if rng.random() < 0.5 else min(len(data), 2000)
    at = rng.integers(0, within, int(np.exp(rng.uniform(0, np.log(200)))))
    data[at] = (
        rng.integers(0, 256, len(at)) if rng.random() < 0.5 else data[at] ^ (1 << rng.integers(0, 8, len(at)))
    )
    made.path.write_bytes(data.tobytes())
    return made


def torn(bench: Bench, rng: np.random.Generator) -> Made:
    """A file with a piece zeroed, taken out, or put in twice."""
    made = _whole(bench, rng)
    data = made.path.read_bytes()
    start = int(rng.integers(len(data)))
    end = min(len(data), start + int(np.exp(rng.uniform(0, np.log(len(data))))))
    piece = data[start:end]
    middle = (bytes(len(piece)), b"", piece + piece)[int(rng.integers(3))]
    made.path.write_bytes(data[:start] + middle + data[end:])
    return made


def misnamed(bench: Bench, rng: np.random.Generator) -> Made:
    """One of our kinds of file under the name of another, or under none that scans have."""
    made = _whole(bench, rng)
    suffix = str(rng.choice([*SUFFIXES, ".docx", ".txt", ".PDF", ".heic", ""]))
    return Made(made.path.rename(bench.folder / f"berkas{suffix}"), made.owners)


def foreign(bench: Bench, rng: np.random.Generator) -> Made:
    """Files of other kinds, or the first bytes of one of ours, named as scans."""
    path = bench.folder / f"scan{SUFFIXES[int(rng.integers(4))]}"
    path.write_bytes(_FOREIGN[int(rng.integers(len(_FOREIGN)))])
    return Made(path)


def empty(bench: Bench, rng: np.random.Generator) -> Made:
    """Nothing, named as a scan."""
    path = bench.folder / f"scan{SUFFIXES[int(rng.integers(4))]}"
    path.touch()
    return Made(path)


def random_bytes(bench: Bench, rng: np.random.Generator) -> Made:
    """Bytes of chance behind the first bytes of a sound file."""
    heads = (
        b"",
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n",
        b"II*\x00\x08\x00\x00\x00",
        b"MM\x00*",
        b"%PDF-1.4\n",
    )
    path = bench.folder / f"scan{SUFFIXES[int(rng.integers(4))]}"
    path.write_bytes(heads[int(rng.integers(len(heads)))] + rng.bytes(int(rng.integers(1, 50_000))))
    return Made(path)


def no_file(bench: Bench, rng: np.random.Generator) -> Made:
    """Folders, links, pipes, devices, names of all sorts, rights that are missing."""
    made, folder = _whole(bench, rng), bench.folder
    links = {
        "empty folder": "kosong", "folder": ".", "no such file": "tidak-ada.pdf", "dangling link": "putus.pdf",
        "loop": "lingkar.pdf", "link": "tautan.pdf", "pipe": "pipa.pdf", "socket": "soket.pdf", "device": "nol.pdf",
        "long name": "n" * 240 + made.path.suffix,
        "odd name": "a\n b'\"`$(x) é😀" + made.path.suffix, "closed": made.path.name,
        "folder named as scan": "map.pdf", "folder in itself": "putar",
    }  # fmt: skip
    style = str(rng.choice(list(links)))
    path = folder / links[style]
    if style in ("empty folder", "folder named as scan"):
        path.mkdir()
    elif style == "dangling link":
        path.symlink_to(folder / "nowhere.pdf")
    elif style == "loop":
        path.symlink_to(path)
    elif style == "link":
        path.symlink_to(made.path)
    elif style == "pipe":
        os.mkfifo(path)
    elif style == "socket":
        with socket.socket(socket.AF_UNIX) as here:
            here.bind(os.path.relpath(path))
    elif style == "device":
        path.symlink_to("/dev/zero")
    elif style in ("long name", "odd name"):
        made.path.rename(path)
    elif style == "closed":
        path.chmod(0)
    elif style == "folder in itself":
        path.mkdir()
        (path / "lagi").symlink_to(path)
    owned = style in ("folder", "link", "long name", "odd name", "closed")
    return Made(path, made.owners if owned else ())


def odd_tiff(bench: Bench, rng: np.random.Generator) -> Made:
    """A TIFF of some pages whose directory says what cannot be."""
    own = bench.pick(rng)
    images = [Image.fromarray(own.picture[::3, ::3])] * int(rng.integers(1, 5))
    out = io.BytesIO()
    images[0].save(
        out, "TIFF", save_all=True, append_images=images[1:], compression=str(rng.choice(_TIFF[:4]))
    )
    data = bytearray(out.getvalue())
    (at,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, at)
    for _ in range(int(rng.integers(1, 4))):
        entry = at + 2 + 12 * int(rng.integers(entries))
        where = entry + int(rng.choice([2, 4, 8]))
        value = int(rng.choice([0, 1, 8, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, int(rng.integers(2**32))]))
        struct.pack_into(
            "<H" if where == entry + 2 else "<I",
            data,
            where,
            value & (0xFFFF if where == entry + 2 else 0xFFFFFFFF),
        )
    if rng.random() < 0.3:
        struct.pack_into("<I", data, at + 2 + 12 * entries, at)
    path = bench.folder / "scan.tif"
    path.write_bytes(data)
    return Made(path, (own,))
