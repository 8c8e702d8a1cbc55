"""Which values a person audits: told by their place in what was scanned, so that no value is drawn twice."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Audit:
    """How accepted values are drawn for the blind audit.

    Attributes:
        share: of them, to be drawn.
        chance: with which one is drawn, of the share, its confidence and the error rate promised for it.
    """

    share: float = 0.0
    chance: Callable[[float, float, float], float] = lambda *_: 0.0


NO_AUDIT: Final = Audit()


def drawn(chance: float, sha256: str, image: int, position: int) -> bool:
    """Whether a value is drawn; the same value always, however often its page is read.

    What is drawn with a chance is drawn with any greater one, too.

    Args:
        chance: 0..1.
        sha256: content hash of the scanned file.
        image: page image in the file, from 1.
        position: on the page, from 0.
    """
    digest = hashlib.sha256(f"audit/{sha256}/{image}/{position}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < chance * 2**64
