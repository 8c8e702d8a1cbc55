"""A definition on its way from one hand to the next: opened, changed by a person, written back without loss.

Nothing here trusts that it is alone: a file that changed meanwhile is not overwritten, a version that is on paper
keeps its layout, and the former file stays beside the new one.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from pipeline.errors import DefinitionError, UsageError
from pipeline.forms.catalogue import fingerprint
from pipeline.forms.definition import FormDefinition, load_paper
from pipeline.forms.given import given_layout
from pipeline.forms.layout import Box, FormLayout
from pipeline.forms.writing import as_tree, as_yaml
from pipeline.language import Text

BACKUP: Final = ".bak"
"""Behind the name of the file as it was before the last save."""

_OWN_LAYOUT: Final = Text(
    "Tata letak formulir {form} dibuat oleh program, jadi tidak ada kotak yang dapat digeser. "
    "Ubah definisinya, {file}.",
    "The layout of form {form} is made by the program, so there are no boxes to move. "
    "Change its definition, {file}.",
)
_CHANGED: Final = Text(
    "{file} sudah diubah orang atau program lain sejak dibuka. Muat ulang halaman ini, lalu ulangi perubahan Anda.",
    "{file} was changed by somebody else since it was opened. Load this page again and repeat your changes.",
)
_MOVED: Final = Text(
    "Formulir {form} versi {version} sudah dipakai di atas kertas, jadi letak isiannya tidak boleh berubah. "
    "Simpan sebagai versi {next}.",
    "Form {form} version {version} is in use on paper, so its fields must stay where they are. "
    "Save it as version {next}.",
)
_RECAST: Final = Text(
    "Formulir {form} versi {version} sudah dipakai di atas kertas, jadi nama, jenis, dan pilihan isiannya tidak boleh "
    "berubah. Simpan sebagai versi {next}.",
    "Form {form} version {version} is in use on paper, so its fields must keep their names, types and choices. "
    "Save it as version {next}.",
)
_RENAMED: Final = Text(
    "Nama, kode, dan versi formulir tidak dapat diubah di sini.",
    "The form's name, code and version cannot be changed here.",
)
_THERE: Final = Text(
    "{file} sudah ada. Pindahkan berkas itu, lalu simpan lagi.",
    "{file} is there already. Move that file away, then save again.",
)


class ChangedMeanwhileError(UsageError):
    """The file on disk is no longer the one that was opened."""


class FrozenError(DefinitionError):
    """The version is on paper and its layout would change; it could be saved as version `next`."""

    def __init__(self, text: Text, next: int) -> None:
        super().__init__(text)
        self.next = next

    def __reduce__(self) -> tuple[type["FrozenError"], tuple[object, ...]]:
        return type(self), (self.text, self.next)


@dataclass(frozen=True, slots=True)
class Draft:
    """A definition file as it was opened.

    Attributes:
        stamp: SHA-256 (hex) of the file; another content has another.
        next: the version that a copy of it would get: one above the highest there is.
    """

    path: Path
    definition: FormDefinition
    stamp: str
    next: int

    def blank(self, page: int) -> Path:
        """The grey PNG of a blank page, from 1.

        Raises:
            IndexError: the blank has no such page.
        """
        if page < 1:
            raise IndexError(page)
        return self.path.with_name(self.definition.blank[page - 1].file)


def open_draft(directories: Iterable[Path], form: str, version: int | None = None) -> Draft:
    """The draft of a form on a given blank, by name or code; the newest version unless one is asked for.

    Raises:
        UsageError: there is no such form, or the program itself lays it out.
        DefinitionError: a definition that speaks of this form is wrong.
    """
    known: dict[tuple[str, int], tuple[Path, FormDefinition]] = {}
    for directory in directories:
        for path in sorted((*directory.glob("[!.]*.yaml"), *directory.glob("[!.]*.yml"))):
            # Parsing takes a while, and what is wrong in other forms is no matter here.
            if form.encode() not in path.read_bytes():
                continue
            one = load_paper(path)
            if form in (one.form, one.code):
                known.setdefault((one.form, one.version), (path, one))
    found = [key for key in known if version in (None, key[1])]
    if not found:
        asked = form if version is None else f"{form} v{version}"
        raise UsageError(Text(f"Formulir {asked} tidak dikenal.", f"There is no form {asked}."))
    path, definition = known[max(found, key=lambda key: key[1])]
    if not definition.blank:
        raise UsageError(_OWN_LAYOUT.filled(form=definition.form, file=path.name))
    return Draft(path, definition, _stamp(path), max(version for _form, version in known) + 1)


def save(draft: Draft, stamp: str, changed: FormDefinition, *, frozen: bool) -> None:
    """Write a changed definition over its file, whole or not at all; the former stays as `….yaml.bak`.

    Args:
        draft: the definition as it is on disk.
        stamp: of the file from which the change was made.
        changed: the new definition, of the same form and version.
        frozen: whether this version is on paper. Then choices keep their values, which sheets that were read hold, and
            mean what they were changed to.

    Raises:
        ChangedMeanwhileError: the file is another one by now.
        FrozenError: the version is on paper, and boxes moved or mean something else.
        DefinitionError: the boxes do not fit on the blank, or it is another form.
    """
    _same_form(draft, changed)
    if frozen:
        changed = _as_on_paper(draft.definition, changed)
    was, now = given_layout(draft.definition), given_layout(changed)
    if frozen and fingerprint(was) != fingerprint(now):
        told = _RECAST if _places(was) == _places(now) else _MOVED
        raise FrozenError(
            told.filled(form=changed.form, version=changed.version, next=draft.next), draft.next
        )
    with _alone(draft.path.parent):
        _unchanged(draft.path, stamp)
        _copy(draft.path, draft.path.with_name(draft.path.name + BACKUP))
        _put(draft.path, _written(changed, draft.path))


def save_as_next(draft: Draft, stamp: str, changed: FormDefinition) -> Path:
    """Write a changed definition as the next version in a file of its own, with copies of the blank's pages.

    Raises:
        ChangedMeanwhileError: the file is another one by now.
        DefinitionError: the boxes do not fit on the blank, or it is another form.
        UsageError: a file of that name is there.
    """
    _same_form(draft, changed)
    folder, stem = draft.path.parent, f"{changed.form}.v{draft.next}"
    pages = [
        page.model_copy(update={"file": f"{stem}-{n}.png"}) for n, page in enumerate(changed.blank, start=1)
    ]
    raised = changed.model_copy(update={"version": draft.next, "blank": tuple(pages)})
    given_layout(raised)
    target = folder / f"{stem}.yaml"
    with _alone(folder):
        _unchanged(draft.path, stamp)
        for path in (target, *(folder / page.file for page in pages)):
            if path.exists():
                raise UsageError(_THERE.filled(file=path.name))
        for old, new in zip(changed.blank, pages, strict=True):
            _copy(folder / old.file, folder / new.file)
        _put(target, _written(raised, draft.path))
    return target


def _as_on_paper(was: FormDefinition, now: FormDefinition) -> FormDefinition:
    """A changed definition in which each box that is ticked stands for the value that it had."""
    known, tree = dict(was.fields()), as_tree(now)
    for name, field in _fields(tree):
        boxes = {choice.at: choice.value for choice in known[name].choices} if name in known else {}
        for told, choice in zip(field.get("choices", ()), now.field(name).choices, strict=True):
            if choice.at and (value := boxes.get(choice.at, choice.value)) != choice.value:
                told |= {"value": value, "means": choice.means or choice.value}
    return FormDefinition.model_validate(tree)


def _fields(tree: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of a definition's tree under its name in the layout."""
    for page in tree["pages"]:
        for item in (item for section in page.get("sections", ()) for item in section["items"]):
            if "table" in item:
                yield from ((f"{item['table']}.{column['name']}", column) for column in item["columns"])
            elif "name" in item:
                yield item["name"], item


def _places(layout: FormLayout) -> list[list[Box]]:
    """Where there is something to read on each page, whatever it is."""
    return [sorted(part for field in page.fields for part in field.parts) for page in layout.pages]


def _same_form(draft: Draft, changed: FormDefinition) -> None:
    was = draft.definition
    if (was.form, was.code, was.version, was.blank) != (
        changed.form,
        changed.code,
        changed.version,
        changed.blank,
    ):
        raise DefinitionError(_RENAMED)


def _unchanged(path: Path, stamp: str) -> None:
    if not path.is_file() or _stamp(path) != stamp:
        raise ChangedMeanwhileError(_CHANGED.filled(file=path.name))


def _stamp(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _written(definition: FormDefinition, former: Path) -> bytes:
    """The new file, under the comments with which the former one begins."""
    lines = former.read_text(encoding="utf-8").splitlines(keepends=True)
    head = takewhile(lambda line: line.startswith("#"), lines)
    return ("".join(head) + as_yaml(definition)).encode()


def _copy(source: Path, target: Path) -> None:
    _put(target, source.read_bytes())


def _put(target: Path, content: bytes) -> None:
    """Write a file so that its name leads to the old content or to all of the new."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as writer:
            writer.write(content)
            writer.flush()
            os.fsync(writer.fileno())
        if target.exists():
            shutil.copymode(target, name)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No two savers in one folder at once; what was renamed inside is on disk at the end."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)
