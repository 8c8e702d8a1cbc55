"""The groups of fields that promises are made for, in words."""

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
