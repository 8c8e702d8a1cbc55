"""Reading a YAML file into a model: whatever is wrong is told with file and line, in both languages."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from yaml.reader import ReaderError

from pipeline.errors import DefinitionError
from pipeline.language import Text

Model = TypeVar("Model", bound=BaseModel)

_SENTENCES: Final[Mapping[str, Text]] = {
    "missing": Text("{key} belum diisi", "{key} is missing"),
    "extra_forbidden": Text("{key} tidak dikenal", "{key} is not known here"),
    "enum": Text("{key} harus salah satu dari {expected}", "{key} must be one of {expected}"),
    "literal_error": Text("{key} harus salah satu dari {expected}", "{key} must be one of {expected}"),
    "string_pattern_mismatch": Text(
        "{key} tidak sesuai bentuk {pattern}", "{key} does not have the form {pattern}"
    ),
    "greater_than_equal": Text("{key} paling sedikit {ge}", "{key} must be at least {ge}"),
    "less_than_equal": Text("{key} paling banyak {le}", "{key} must be at most {le}"),
    "int_parsing": Text("{key} harus bilangan bulat", "{key} must be a whole number"),
    "finite_number": Text("{key} harus bilangan biasa", "{key} must be an ordinary number"),
    "float_parsing": Text("{key} harus bilangan", "{key} must be a number"),
    "bool_parsing": Text("{key} harus true atau false", "{key} must be true or false"),
    "too_short": Text("{key} masih kosong", "{key} is empty"),
}
"""Pydantic's error types in the office's words; others are told in Pydantic's own."""

_OTHER: Final = Text("{key} salah ({message})", "{key} is wrong ({message})")
_ENDLESS: Final = Text(
    "isinya bertingkat terlalu dalam, atau sebuah alias (*) menunjuk ke dirinya sendiri",
    "it is nested too deeply, or an alias (*) refers to itself",
)
_NODES: Final = 100_000
"""So many keys, values and lists a definition may have, each alias (*) written out; the longest have some thousands."""

_SWOLLEN: Final = Text(
    "isinya terlalu panjang bila semua alias (*) diuraikan; tulislah tanpa alias",
    "it is too long with all its aliases (*) written out; write it without them",
)
_NO_KEY: Final = Text("sebuah kunci harus berupa kata, bukan daftar", "a key must be a word, not a list")
_PLACE: Final = Text(
    "Definisi formulir {file} baris {line}: {what}.", "Form definition {file}, line {line}: {what}."
)


class Flaw(ValueError):
    """Something unsound that a model, or a check of it, found; `at` leads from the model to the place."""

    def __init__(self, id: str, en: str, *at: str | int) -> None:
        super().__init__(en)
        self.text = Text(id, en)
        self.at = at


def read(path: Path, model: type[Model], *checks: Callable[[Model], None]) -> Model:
    """The model of a YAML file; every scalar is taken as text, so that `01` and `no` stay what they are.

    Args:
        path: the file.
        model: what it is to be.
        checks: what else it is held to; each raises the `Flaw` that it finds.

    Raises:
        DefinitionError: no readable file, no YAML, or not what the model or a check asks for.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise wrong(path, 1, Text("berkas tidak dapat dibaca", "the file cannot be read")) from error
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        if not isinstance(node, yaml.MappingNode):
            raise wrong(path, 1, Text("definisi masih kosong", "there is no definition in it"))
        tree = _plain(node, path, iter(range(_NODES)))
    except yaml.YAMLError as error:
        raise _no_yaml(path, text, error) from error
    except RecursionError as error:
        raise wrong(path, 1, _ENDLESS) from error
    try:
        found = model.model_validate(tree)
        for check in checks:
            check(found)
    except ValidationError as error:
        at, what = flaws(error)[0]
        raise wrong(path, _line(node, at), what) from error
    except Flaw as flaw:
        raise wrong(path, _line(node, flaw.at), flaw.text) from flaw
    return found


def flaws(error: ValidationError) -> list[tuple[tuple[str | int, ...], Text]]:
    """All that a model finds wrong: the way from its root to each place, and the sentence.

    A list counts as empty for Pydantic when all in it is wrong; then only what is wrong inside is told.
    """
    found = [(_way(one), _sentence(one)) for one in error.errors()]
    return [
        (at, what)
        for at, what in found
        if not any(way != at and way[: len(at)] == at for way, _what in found)
    ]


def wrong(path: Path | str, line: int, what: Text) -> DefinitionError:
    """The error that names a definition's file and line."""
    name = path.name if isinstance(path, Path) else path
    return DefinitionError(_PLACE.filled(file=name, line=line, what=what))


def _no_yaml(path: Path, text: str, error: yaml.YAMLError) -> DefinitionError:
    line, why = 1, str(error)
    if isinstance(error, yaml.MarkedYAMLError):
        line, why = error.problem_mark.line + 1 if error.problem_mark else 1, error.problem or why
    elif isinstance(error, ReaderError):
        line, why = text.count("\n", 0, error.position) + 1, f"#x{error.character:02x}: {error.reason}"
    return wrong(path, line, Text(f"YAML tidak sah ({why})", f"not valid YAML ({why})"))


def _way(error: ErrorDetails) -> tuple[str | int, ...]:
    flaw = error.get("ctx", {}).get("error")
    return (*error["loc"], *flaw.at) if isinstance(flaw, Flaw) else error["loc"]


def _sentence(error: ErrorDetails) -> Text:
    context = error.get("ctx", {})
    names = [part for part in error["loc"] if isinstance(part, str) and not part.startswith("<")]
    key = names[-1] if names else "definition"
    if isinstance(flaw := context.get("error"), Flaw):
        return Text(*(f"{key}: {words}" if names else words for words in (flaw.text.id, flaw.text.en)))
    sentence = _SENTENCES.get(error["type"], _OTHER)
    return sentence.filled(**{**context, "key": key, "message": error["msg"]})


def _plain(node: yaml.Node, path: Path, left: Iterator[int]) -> object:
    """Mappings, lists and texts of a node tree; `left` ends when there are too many of them.

    Raises:
        DefinitionError: there are, a key is no text, or stands twice in its mapping.
    """
    if next(left, None) is None:
        raise wrong(path, node.start_mark.line + 1, _SWOLLEN)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, object] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise wrong(path, line, _NO_KEY)
            if key.value in found:
                what = Text(f"{key.value} ditulis dua kali", f"{key.value} is written twice")
                raise wrong(path, line, what)
            found[key.value] = _plain(value, path, left)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(part, path, left) for part in node.value]
    return node.value


def _line(node: yaml.Node, at: tuple[str | int, ...]) -> int:
    """The line of the deepest place on the way `at` that the file has; tags (`<table>`) are no keys."""
    line = node.start_mark.line
    for part in at:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == part:
                    node, line = value, key.start_mark.line
                    break
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
    return line + 1
