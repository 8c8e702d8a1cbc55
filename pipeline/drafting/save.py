"""The draft as files: grey PNGs of the pages and the YAML beside them, never over a file that exists."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import yaml

from pipeline.drafting.mapping import entries
from pipeline.drafting.types import DraftChoice, DraftField, DraftItem, DraftTable, Sheet
from pipeline.errors import UsageError
from pipeline.forms.definition import load_definition
from pipeline.forms.layout import Box
from pipeline.language import Text
from pipeline.outputs import whole

DPI: Final = 200
"""Resolution of the pages that registration compares scans with."""

_HEAD: Final = """\
# {title}: dibuat dari {source}. Periksa nama, jenis, dan label setiap isian (sotarsa forms edit {form}).
# Drafted from {source}. Boxes are [x, y, w, h] in mm from the page's top left corner.
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a draft is called.

    Attributes:
        form: its name in commands.
        code: three capitals and two digits.
        version: from 1.
        title: what it says at its head.
    """

    form: str
    code: str
    version: int
    title: str


def save_draft(
    folder: Path,
    identity: Identity,
    sheets: Sequence[Sheet],
    pages: Sequence[Sequence[DraftItem]],
    source: str,
) -> Path:
    """Write the pages as PNG and then the draft as YAML, all or nothing; the YAML's path.

    Raises:
        DefinitionError: a form may not be so.
        UsageError: a file with one of the names is there already, or the folder cannot be written.
        OSError: the disk is full, or gave up.
    """
    stem = f"{identity.form}.v{identity.version}"
    files = {folder / f"{stem}-{number}.png": _png(sheet) for number, sheet in enumerate(sheets, start=1)}
    path = folder / f"{stem}.yaml"
    # The same page is there where a run was cut short before it wrote the definition.
    other = [one for one, content in files.items() if one.exists() and one.read_bytes() != content]
    if here := [one.name for one in (*other, path) if one.exists()]:
        raise UsageError(
            Text(
                f"{here[0]} sudah ada di {folder}. Pilih nama lain dengan --name.",
                f"{here[0]} already exists in {folder}. Choose another name with --name.",
            )
        )
    fresh = [one for one in files if not one.exists()]
    try:
        with whole(path, folders=True) as part:
            part.write_text(as_yaml(identity, sheets, pages, source), encoding="utf-8")
            # One unsound definition in the home, or one without its pages, would stop every command.
            load_definition(part)
            for one, content in files.items():
                with whole(one) as page:
                    page.write_bytes(content)
    except BaseException:
        for one in fresh:
            one.unlink(missing_ok=True)
        raise
    return path


def as_yaml(
    identity: Identity, sheets: Sequence[Sheet], pages: Sequence[Sequence[DraftItem]], source: str
) -> str:
    """The definition as a person would write it: a line a field, a line a choice."""
    stem = f"{identity.form}.v{identity.version}"
    head = {"title": identity.title, "source": source, "form": identity.form}
    lines = [
        _HEAD.format(**{key: _on_one_line(said) for key, said in head.items()}).rstrip(),
        f"form: {identity.form}",
        f"code: {identity.code}",
        f"version: {identity.version}",
        f"title: {_flow(identity.title)}",
        "blank:",
    ]
    for number, sheet in enumerate(sheets, start=1):
        size = {"width": sheet.width, "height": sheet.height}
        lines.append(f"  - {_flow({'file': f'{stem}-{number}.png', **size})}")
    lines.append("pages:")
    for number, fields in enumerate(pages, start=1):
        lines += [
            "  - sections:",
            f"      - title: {{id: Halaman {number}, en: Page {number}}}",
            "        items:",
        ]
        for item in fields:
            lines += [
                f"          {line}"
                for line in (_table(item) if isinstance(item, DraftTable) else _item(item))
            ]
    if told := entries(pages):
        lines += ["register:", *(f"  - {_flow(one.model_dump(exclude_unset=True))}" for one in told)]
    return "\n".join(lines) + "\n"


def _on_one_line(text: str) -> str:
    """A text as it may stand in a comment: what ends a line, or is no character at all, becomes a question mark."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _table(table: DraftTable) -> Iterable[str]:
    yield f"- table: {table.name}"
    yield f"  rows: {table.rows}"
    yield f"  pitch: {table.pitch}"
    yield "  columns:"
    for column in table.columns:
        yield from (f"    {line}" for line in _item(column))


def _item(field: DraftField) -> Iterable[str]:
    head: dict[str, object] = {"name": field.name, "type": str(field.type), "label": field.label}
    if not field.choices:
        yield f"- {_flow({**head, 'at': [_mm(box) for box in field.at]})}"
        return
    first = "- "
    said = {key: True for key in ("multiple", "filled") if getattr(field, key)}
    for key, value in {**head, **said}.items():
        yield f"{first}{key}: {_flow(value)}"
        first = "  "
    yield "  choices:"
    for choice in field.choices:
        yield f"    - {_flow(_choice(choice))}"


def _choice(choice: DraftChoice) -> dict[str, object]:
    return {"value": choice.value, "label": choice.label, "at": _mm(choice.box)}


def _mm(box: Box) -> list[float]:
    return [round(float(value), 2) for value in box]


def _flow(value: object) -> str:
    text: str = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6
    )
    return re.sub(r"\n(\.\.\.\n)?$", "", text)


def _png(sheet: Sheet) -> bytes:
    size = round(sheet.width / 25.4 * DPI), round(sheet.height / 25.4 * DPI)
    small = cv2.resize(sheet.grey, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".png", small)[1].tobytes()
