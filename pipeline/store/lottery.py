"""Whether chance falls on a value: told by its place in what was scanned, so that it is never drawn anew."""

import hashlib


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
