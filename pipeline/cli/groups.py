"""The groups of fields that promises are made for, and the ways that pages come, in words."""

from typing import Final

from pipeline.language import Text

GROUPS: Final = {
    "": Text("semua", "all"),
    "nik": Text("NIK", "NIK"),
    "kk": Text("nomor KK", "KK"),
    "date": Text("tanggal", "dates"),
    "digits": Text("angka lain", "other digits"),
    "letters": Text("nama, tempat, teks", "names, places, text"),
    "marks": Text("tanda pilihan", "marks"),
    "signature": Text("tanda tangan", "signatures"),
    "line": Text("baris bebas", "free lines"),
    "empty": Text("isian kosong", "empty fields"),
}
_CAPTURES: Final = {
    "scan": Text("Pindaian", "Scans"),
    "photo": Text("Foto", "Photos"),
    "given": Text("Formulir cetakan kantor lain", "Forms printed by others"),
}
_ONE_READER: Final = Text("{capture} tanpa pembaca kedua", "{capture} without the second reader")


def way_words(way: str) -> str:
    """A way that pages come, see `recognition.confidence.way_of`, in words."""
    readers, _, capture = way.partition("/")
    said = str(_CAPTURES[capture])
    return said if readers == "both" else _ONE_READER.format(capture=said)
