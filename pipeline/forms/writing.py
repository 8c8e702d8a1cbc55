"""A form definition as YAML again: the inverse of `pipeline.forms.source.read`."""

from collections.abc import Mapping
from typing import Any, Final

import yaml

from pipeline.forms.definition import FormDefinition

_WIDTH: Final = 160
_DECIMALS: Final = {"at": 2, "tops": 2, "pitch": 3}
"""Places are kept to 0.01 mm: a tenth of a pixel at 300 dpi; a pitch adds up over the rows."""

_ON_ONE_LINE: Final = frozenset({"title", "label", "hint", "note", "consent", "letterhead", "pitch", "tops"})
_ONE_A_LINE: Final = frozenset({"blank", "choices", "preprinted", "at"})


class _List(list[object]):
    """A list on one line."""


class _Record(dict[str, object]):
    """A mapping on one line."""


class _Writer(yaml.SafeDumper):
    """Writes lists inside mappings indented, and what is short on one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


_Writer.add_representer(
    _List, lambda writer, value: writer.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)
)
_Writer.add_representer(
    _Record, lambda writer, value: writer.represent_mapping("tag:yaml.org,2002:map", value, flow_style=True)
)


def as_tree(definition: FormDefinition) -> dict[str, Any]:
    """A definition as mappings, lists and scalars; what it leaves to the house's defaults stays unsaid."""
    return definition.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


def as_yaml(definition: FormDefinition) -> str:
    """The YAML of a definition."""
    tree = as_tree(definition)
    if "rules" in tree:
        tree["rules"] = [{rule["name"]: _List(rule["fields"])} for rule in tree["rules"]]
    return yaml.dump(
        _block(tree),
        Dumper=_Writer,
        width=_WIDTH,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=False,
    )


def _block(node: object) -> object:
    if isinstance(node, Mapping):
        return {key: _entry(key, value) for key, value in node.items()}
    if isinstance(node, list) and not isinstance(node, _List):
        return [_block(part) for part in node]
    return node


def _entry(key: str, value: object) -> object:
    if key in _ON_ONE_LINE:
        return _line(key, value)
    if key in _ONE_A_LINE and isinstance(value, list):
        return [_line(key, part) for part in value]
    return _block(value)


def _line(key: str, value: object) -> object:
    if isinstance(value, Mapping):
        if value.keys() == {"id", "en"} and value["id"] == value["en"]:
            return value["id"]
        return _Record({inner: _line(inner, part) for inner, part in value.items()})
    if isinstance(value, list):
        return _List(_line(key, part) for part in value)
    return round(value, _DECIMALS[key]) if key in _DECIMALS and isinstance(value, float) else value
