"""What a person types for a field, as the field's value: dates in three ways, choices by number or name."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from pipeline.errors import UsageError
from pipeline.forms.fields import Choice, FieldSpec
from pipeline.forms.layout import FieldType, Kind
from pipeline.forms.types import WARNINGS
from pipeline.language import Text
from pipeline.reasons import ENTRY_REASONS, VALUE_REASONS

SIGNED: Final[Mapping[str, str]] = {
    "ada": "present",
    "ya": "present",
    "present": "present",
    "yes": "present",
    "tidak": "absent",
    "tidak ada": "absent",
    "absent": "absent",
    "no": "absent",
}
"""Words for whether a signature is there; also 1 and 2, in this order of `present` and `absent`."""

PRESENCE: Final = ("present", "absent")

_SEPARATORS: Final = re.compile(r"[ .,/-]+")
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_SPOKEN: Final = re.compile(r"(\d{1,2})[ ./-](\d{1,2})[ ./-](\d{4})", re.ASCII)
_QUOTES: Final = str.maketrans({"\u2019": "'", "\u2018": "'", "`": "'", "\u2013": "-"})


def sentence(reason: str) -> Text:
    """The sentence of a reason code of a value or of an entry."""
    return (ENTRY_REASONS if reason in ENTRY_REASONS else VALUE_REASONS)[reason]


class Refused(UsageError):
    """A value that the field cannot have.

    Attributes:
        reason: stable code of `pipeline.reasons`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(sentence(reason))
        self.reason = reason

    def __reduce__(self) -> tuple[type["Refused"], tuple[str]]:
        return type(self), (self.reason,)


def interpret(spec: FieldSpec, typed: str) -> str:
    """The value that a person means.

    Args:
        spec: the field's definition.
        typed: as typed; not empty.

    Raises:
        Refused: it is no value of this field; rules that only warn do not refuse.
    """
    if spec.kind is Kind.COMB:
        return _written(spec, typed)
    value = _UNWRITTEN[spec.kind](spec, typed.strip())
    check(spec, value)
    return value


def as_written(spec: FieldSpec, value: str, raw: str) -> str:
    """A code with the zeros in front that were left out in typing, where such were read.

    Args:
        spec: the field's definition.
        value: what was typed, interpreted.
        raw: what was read in its cells.
    """
    digits = "".join(filter(str.isdigit, raw))
    front = digits[: max(0, len(digits) - len(value))]
    code = spec.type is FieldType.CODE and not spec.choices
    return front + value if code and not front.strip("0") else value


def check(spec: FieldSpec, value: str) -> None:
    """Let a value pass that the field can have.

    Raises:
        Refused: it breaks a rule of the field's type, the form's list, or the number of its cells.
    """
    fault = spec.rules.check(value)
    if fault is not None and fault not in WARNINGS:
        raise Refused(fault)
    if spec.type is FieldType.CODE and spec.choices and value not in _values(spec):
        raise Refused("code_unknown")
    if spec.type is FieldType.CHOICE:
        _check_choice(spec, value)
    if spec.kind is Kind.COMB:
        try:
            spec.rules.to_cells(value, spec.cell_count)
        except ValueError:
            raise Refused("too_long" if len(value) > spec.cell_count else "unfit") from None


def warnings(spec: FieldSpec, value: str) -> tuple[str, ...]:
    """The reason codes of rules that a value breaks and that only warn."""
    fault = spec.rules.check(value)
    return (fault,) if fault in WARNINGS else ()


def shown(spec: FieldSpec, value: str) -> str:
    """A value as people write it: dates as 21-03-1978, the rest as it is; `interpret` takes it back."""
    match = _ISO.fullmatch(value) if spec.type is FieldType.DATE else None
    return f"{match[3]}-{match[2]}-{match[1]}" if match else value


def _written(spec: FieldSpec, typed: str) -> str:
    text = _spelled(spec, typed.strip().translate(_QUOTES))
    if set(text.upper()) - set(spec.rules.alphabet) - {" "}:
        raise Refused("wrong_character")
    value = spec.rules.normalise(text)
    if value is None:
        raise Refused(spec.rules.unfit)
    check(spec, value)
    return value


def _spelled(spec: FieldSpec, text: str) -> str:
    """The characters as they would stand in the cells."""
    if spec.type is FieldType.DATE:
        if match := _ISO.fullmatch(text):
            return f"{match[3]:0>2}{match[2]:0>2}{match[1]}"
        if match := _SPOKEN.fullmatch(text):
            return f"{match[1]:0>2}{match[2]:0>2}{match[3]}"
    if not spec.rules.alphabet.isdigit():
        return text
    if spec.type is FieldType.PHONE and text.startswith("+62"):
        text = "0" + text.removeprefix("+62")
    digits = _SEPARATORS.sub("", text)
    padded = digits.zfill(spec.cell_count)
    return padded if spec.type is FieldType.CODE and padded in _values(spec) else digits


def _chosen(spec: FieldSpec, typed: str) -> str:
    whole = _choice(spec, typed)
    if whole is not None:
        return whole.value
    chosen = set()
    for part in re.split(r"[|,]|\s+" if "|" not in typed and "," not in typed else r"[|,]", typed):
        choice = _choice(spec, part.strip())
        if choice is None:
            raise Refused("not_a_choice")
        chosen.add(choice.value)
    return "|".join(value for value in _values(spec) if value in chosen)


def _choice(spec: FieldSpec, typed: str) -> Choice | None:
    """A choice by its value, its label in either language, or its number in the order printed."""
    wanted = typed.casefold()
    for choice in spec.choices:
        if wanted in (choice.value.casefold(), choice.label.id.casefold(), choice.label.en.casefold()):
            return choice
    number = int(typed) if typed.isascii() and typed.isdigit() else 0
    return spec.choices[number - 1] if 1 <= number <= len(spec.choices) else None


def choice_keys(spec: FieldSpec) -> tuple[str, ...]:
    """What is typed for each choice: its number, unless a number is another's value or label; then its value."""
    numbers = tuple(str(number) for number in range(1, len(spec.choices) + 1))
    if all(_choice(spec, key) is one for key, one in zip(numbers, spec.choices, strict=True)):
        return numbers
    return _values(spec)


def _check_choice(spec: FieldSpec, value: str) -> None:
    parts = value.split("|")
    if set(parts) - set(_values(spec)):
        raise Refused("not_a_choice")
    if len(parts) > 1 and not spec.multiple:
        raise Refused("one_choice")


def _values(spec: FieldSpec) -> tuple[str, ...]:
    return tuple(choice.value for choice in spec.choices)


def _signed(_spec: FieldSpec, typed: str) -> str:
    if typed in ("1", "2"):
        return PRESENCE[int(typed) - 1]
    return SIGNED.get(typed.casefold(), typed)


def _line(_spec: FieldSpec, typed: str) -> str:
    words = "".join(one if one.isprintable() else " " for one in typed).split()
    if not words:
        raise Refused("unfit")
    return " ".join(words)


_UNWRITTEN: Final[Mapping[Kind, Callable[[FieldSpec, str], str]]] = {
    Kind.MARKS: _chosen,
    Kind.AREA: _signed,
    Kind.LINE: _line,
}
