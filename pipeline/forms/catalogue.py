"""Which forms this computer knows, in every version that was ever printed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import DefinitionError, UsageError
from pipeline.forms.arrange import compose
from pipeline.forms.definition import FormDefinition, load_definition, load_paper
from pipeline.forms.given import digest, given_layout, load_blanks
from pipeline.forms.ink import PageInk
from pipeline.forms.layout import FormLayout
from pipeline.language import Text

_PROJECT: Final = Path(__file__).parent / "definitions"


@dataclass(frozen=True)
class Form:
    """One version of a form: what it says, where it lies, and the fingerprint that freezes it.

    Attributes:
        ink: what is printed around the fields of each page; none is known of a form that others printed.
        blanks: PNG files of the empty pages, for a form that others printed.
        fault: what is wrong with what it says to the register: its pages are read, the register hears nothing.
    """

    definition: FormDefinition
    layout: FormLayout
    fingerprint: str
    ink: tuple[PageInk, ...] = ()
    blanks: tuple[bytes, ...] = ()
    fault: DefinitionError | None = None

    @property
    def key(self) -> tuple[str, int]:
        """Name and version."""
        return self.definition.form, self.definition.version


class Catalogue:
    """The forms of some directories; several versions of one form stand side by side."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self._forms: Mapping[tuple[str, int], Form] = {form.key: form for form in forms}

    @classmethod
    def load(cls, directories: Iterable[Path]) -> "Catalogue":
        """Every definition of the directories; an earlier directory's word counts.

        Raises:
            DefinitionError: a definition is wrong, two in one directory claim the same form and version, or two forms
                of different names the same code and version, which is all that a QR code says.
        """
        found: dict[tuple[str, int], Form] = {}
        for directory in directories:
            here: dict[tuple[str, int], Path] = {}
            for path in sorted((*directory.glob("[!.]*.yaml"), *directory.glob("[!.]*.yml"))):
                form = load_form(path)
                if form.key in here:
                    raise _twice(path, here[form.key])
                here[form.key] = path
                found.setdefault(form.key, form)
        for key in sorted(found):
            _only_one(found[key], found.values())
        return cls(found[key] for key in sorted(found))

    def forms(self) -> tuple[Form, ...]:
        """All forms, by name and version."""
        return tuple(self._forms.values())

    def get(self, form: str, version: int | None = None) -> Form:
        """A form by name or code, in its newest version unless one is asked for.

        Raises:
            UsageError: there is none; the sentence lists those that are known.
        """
        same = [one for one in self._forms.values() if form in (one.definition.form, one.definition.code)]
        found = [one for one in same if version in (None, one.definition.version)]
        if not found:
            raise _unknown(form, version, self)
        return max(found, key=lambda one: one.definition.version)

    def faults(self) -> tuple[DefinitionError, ...]:
        """What is wrong with what forms say to the register, by name and version."""
        return tuple(form.fault for form in self._forms.values() if form.fault)

    def sound(self) -> "Catalogue":
        """Itself, where every form says to the register what that can keep.

        Raises:
            DefinitionError: one does not.
        """
        for fault in self.faults():
            raise fault
        return self

    def by_code(self, code: str, version: int) -> Form | None:
        """The form that a QR code names, or None."""
        for form in self._forms.values():
            if (form.definition.code, form.definition.version) == (code, version):
                return form
        return None


def load_form(path: Path) -> Form:
    """The form of one definition file.

    Raises:
        DefinitionError: the definition is wrong, does not fit on its pages, or lacks its blank. What is wrong with
            what it says to the register is the form's `fault`.
    """
    definition, fault = _paper(path)
    blanks = load_blanks(definition, path.parent)
    if blanks:
        layout = given_layout(definition)
        return Form(definition, layout, digest((fingerprint(layout).encode(), *blanks)), (), blanks, fault)
    try:
        composition = compose(definition)
    except DefinitionError as error:
        named = Text(f"{path.name}: {error.text.id}", f"{path.name}: {error.text.en}")
        raise DefinitionError(named) from error
    return Form(definition, composition.layout, fingerprint(composition.layout), composition.ink, fault=fault)


def _paper(path: Path) -> tuple[FormDefinition, DefinitionError | None]:
    """What a definition says of its paper, and what is wrong with what it says to the register.

    Raises:
        DefinitionError: something else is wrong.
    """
    try:
        return load_definition(path), None
    except DefinitionError as error:
        return load_paper(path), error


def fingerprint(layout: FormLayout) -> str:
    """SHA-256 (hex) of all that a layout says: the same layout has the same on every machine."""
    return hashlib.sha256(json.dumps(asdict(layout), sort_keys=True).encode()).hexdigest()


def default_directories(home: Path) -> tuple[Path, ...]:
    """Where definitions are looked up: the home's `forms/`, then the project's."""
    return home / "forms", _PROJECT


def _only_one(form: Form, others: Iterable[Form]) -> None:
    """Let a form pass that no other is taken for.

    Raises:
        DefinitionError: another has its code and version.
    """
    name, code, version = form.definition.form, form.definition.code, form.definition.version
    for other in others:
        if (other.definition.code, other.definition.version) == (code, version) and other.key != form.key:
            raise DefinitionError(
                Text(
                    f"Formulir {name} dan {other.definition.form} memakai kode {code} versi {version} yang sama. "
                    "Beri salah satunya kode lain.",
                    f"The forms {name} and {other.definition.form} have the same code {code} version {version}. "
                    "Give one of them another code.",
                )
            )


def _twice(path: Path, other: Path) -> DefinitionError:
    return DefinitionError(
        Text(
            f"{path.name} dan {other.name} memakai nama dan versi yang sama. Naikkan salah satunya.",
            f"{path.name} and {other.name} claim the same form and version. Raise the version of one.",
        )
    )


def _unknown(form: str, version: int | None, catalogue: Catalogue) -> UsageError:
    known = ", ".join(f"{one.definition.form} v{one.definition.version}" for one in catalogue.forms()) or "-"
    asked = form if version is None else f"{form} v{version}"
    return UsageError(
        Text(
            f"Formulir {asked} tidak dikenal. Yang ada: {known}.",
            f"There is no form {asked}. Known: {known}.",
        )
    )
