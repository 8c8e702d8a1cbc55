"""Notes that people write where a name or a place is asked for: the same as above, none, not known, deceased."""

import re
from typing import Final

_SAY_NOTHING: Final = frozenset((
    "SDA", "IDEM", "DITO", "DITTO", "SAMA", "DENGAN", "DGN", "DG", "DI", "ATAS", "DIATAS",
    "TIDAK", "TDK", "TAK", "BELUM", "BLM", "BUKAN", "TANPA", "ADA", "PUNYA", "TIDAKADA", "TDKADA", "BELUMADA", "BLMADA",
    "TAHU", "TAU", "DIKETAHUI", "JELAS", "INGAT", "LUPA", "BISA", "ISI", "DIISI", "NIHIL", "KOSONG", "NONE", "NULL",
    "YA", "NO", "BATAL", "SALAH", "CORET", "HAPUS", "PINDAH", "MENINGGAL", "DUNIA", "WAFAT", "TTD", "CAP",
))  # fmt: skip
"""A value that is made of these alone is none."""
_TELL_MORE: Final = frozenset(("ALM", "ALMH", "ALMARHUM", "ALMARHUMAH", "SDA", "IDEM", "NIHIL", "TTD"))
"""Any one of these beside a name says something of it, or of the row."""


def is_note(value: str) -> bool:
    """Whether a value of letters is a note, as far as its words tell: `SDA`, `S.D.A.`, `TIDAK ADA`, `BUDI (ALM)`."""
    words = re.findall(r"[A-Z]+", value.upper())
    if words and all(len(word) == 1 for word in words):
        words = ["".join(words)]
    said = set(words)
    return bool(said) and (said <= _SAY_NOTHING or not said.isdisjoint(_TELL_MORE))
