"""A definition that was printed is frozen: its layout may never change under the same version."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import DefinitionError
from pipeline.forms.catalogue import Form
from pipeline.language import Text

RELEASES: Final = "printed.json"
"""Beside the definitions: form → version → fingerprint of the layout as it was released."""

Fingerprints = Mapping[tuple[str, int], frozenset[str]]
"""Under form and version: every fingerprint that sheets on paper were printed with."""

_CHANGED: Final = Text(
    "Formulir {form} versi {version} sudah pernah dicetak, tetapi tata letaknya berubah. "
    "Kembalikan definisinya, atau simpan perubahan sebagai versi {next} di berkas baru.",
    "Form {form} version {version} was printed before, but its layout has changed. "
    "Put the definition back, or save the change as version {next} in a new file.",
)
_BROKEN: Final = Text(
    "Catatan versi yang sudah dicetak, {path}, rusak. Kembalikan berkas itu dari cadangan.",
    "The record of printed versions, {path}, is damaged. Put that file back from a backup.",
)
_FILE: Final = TypeAdapter(dict[str, dict[int, str]])


def released(directories: Iterable[Path]) -> Fingerprints:
    """The fingerprints of released versions, as committed beside the definitions.

    Raises:
        DefinitionError: a release file is broken.
    """
    found: dict[tuple[str, int], frozenset[str]] = {}
    for directory in directories:
        for form, versions in _read(directory / RELEASES).items():
            for version, fingerprint in versions.items():
                key = (form, version)
                found[key] = found.get(key, frozenset()) | {fingerprint}
    return found


def check_frozen(form: Form, printed: Fingerprints) -> None:
    """Hold a form against what was printed of it.

    Raises:
        DefinitionError: the layout differs from the one on paper.
    """
    on_paper = printed.get(form.key, frozenset())
    if on_paper - {form.fingerprint}:
        name, version = form.key
        raise DefinitionError(_CHANGED.filled(form=name, version=version, next=version + 1))


def release(directory: Path, forms: Iterable[Form]) -> None:
    """Add the fingerprints of versions that are not yet released to the directory's release file.

    Raises:
        DefinitionError: the release file is broken.
    """
    path = directory / RELEASES
    known = _read(path)
    for form in forms:
        name, version = form.key
        known.setdefault(name, {}).setdefault(version, form.fingerprint)
    path.write_text(f"{json.dumps(known, indent=1, sort_keys=True)}\n", encoding="utf-8")


def _read(path: Path) -> dict[str, dict[int, str]]:
    """The fingerprints of a release file, under form and version; none where there is no file."""
    if not path.is_file():
        return {}
    try:
        return _FILE.validate_json(path.read_bytes())
    except ValidationError as error:
        raise DefinitionError(_BROKEN.filled(path=path)) from error
