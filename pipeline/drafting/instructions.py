"""Printed words that say how boxes are to be marked, and name nothing."""

import re
from typing import Final

_ONE: Final = r"(?:satu|1)"
_SEVERAL: Final = re.compile(
    rf"""
    (?<!\w)
    (?:
      (?:(?:jawaban|pilihan)(?:nya)?\s+)? (?<!tidak\ )(?<!tdk\ ) (?:boleh|dapat|bisa)
          (?:\s+(?:memilih|dipilih|pilih|menjawab|dijawab|diisi|mengisi|mencentang|dicentang|centang))?
          \s+lebih\s+dari\s+{_ONE} (?:\s+(?:jawaban|pilihan|kotak))?
    | \(\s*lebih\s+dari\s+{_ONE}\s+(?:jawaban|pilihan)\s*\)
    | (?:pilih|pilihlah|centang|centanglah|tandai|isi)\s+semua(?:\s+\w+)?\s+(?:yang|yg)\s+(?:sesuai|berlaku|benar|cocok)
    | (?:pilih|centang)\s+{_ONE}\s+atau\s+lebih(?:\s+(?:jawaban|pilihan))?
    | (?:check|tick|mark|select|choose)\s+(?:all|any)(?:\s+\w+)?\s+that\s+apply
    | (?:check|tick|mark|select|choose)\s+one\s+or\s+more(?:\s+\w+)?
    | (?:you\s+)?(?:may|can)\s+(?:check|tick|mark|select|choose|give)\s+more\s+than\s+one(?:\s+\w+)?
    | (?:more\s+than\s+one|multiple)\s+(?:answers?|choices?|responses?)\s+(?:are\s+|is\s+)?(?:allowed|possible|accepted)
    )
    (?!\w)
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""What is said where more than one box may be ticked; "tidak boleh lebih dari satu" forbids it."""


def says_several(text: str) -> bool:
    """Whether words say that more than one box may be ticked."""
    return _SEVERAL.search(text) is not None


def without_several(text: str) -> str:
    """Words without those that say so, and without the brackets around them; "" where they say nothing else."""
    left = re.sub(r"[(\[]\W*[)\]]", " ", _SEVERAL.sub(" ", text)).strip()
    return left if any(map(str.isalnum, left)) else ""
