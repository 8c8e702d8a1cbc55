"""Many keys, a few at a time."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

_MANY: Final = 500


def parts(keys: Iterable[Any]) -> Iterator[list[Any]]:
    """Keys, ascending, in parts that every database takes."""
    wanted = sorted(keys)
    for first in range(0, len(wanted), _MANY):
        yield wanted[first : first + _MANY]
