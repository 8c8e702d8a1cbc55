"""Separator sheets among the page images: told by two markers of their own and one large QR code."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.separator import MARKERS, parse_separator
from pipeline.registration.identity import qr_texts_anywhere
from pipeline.registration.types import Refusal

MARKER_IDS: Final = frozenset(marker.id for marker in MARKERS)


def separator_among(texts: Iterable[str]) -> Refusal | None:
    """The separator in one of the texts of QR codes, as a page that is no form: its detail is that text."""
    return next((Refusal("separator", text) for text in texts if parse_separator(text)), None)


def separator_seen(image: NDArray[np.uint8], found: Iterable[int]) -> Refusal | None:
    """The separator that a page image shows, if it does.

    Args:
        image: grey, uint8 (H, W), in any turn.
        found: ids of the markers found on it.

    Returns:
        `separator` with the QR code's text, `unreadable_separator` where only its markers can be read, or None.
    """
    ids = set(found)
    if not ids & MARKER_IDS:
        return None
    told = separator_among(qr_texts_anywhere(image))
    if told is None and ids >= MARKER_IDS and len(ids - MARKER_IDS) < 2:
        return Refusal("unreadable_separator", "the markers of a separator, without its QR code")
    return told
