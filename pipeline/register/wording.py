"""Words that the register's reports and screens share."""

from typing import Final

from pipeline.language import MONTHS, Text

REASONS: Final[dict[str, Text]] = {
    "not_imported": Text("lengkap, belum diimpor", "complete, not imported yet"),
    "missing_side": Text("sisi lain belum dipindai", "the other side is not scanned yet"),
    "review": Text("isian perlu diperiksa", "fields to look at"),
    "unreadable_key": Text("NIK, nama, atau tanggal tidak terbaca", "NIK, name or date cannot be read"),
}
"""Why a sheet is not in the register yet."""

QUESTIONS: Final[dict[str, Text]] = {
    "identity": Text("NIK sama, data orang berbeda", "same NIK, different person data"),
    "alike": Text("mungkin orang yang sama, tanpa NIK", "perhaps the same person, without a NIK"),
    "two_niks": Text("NIK berbeda, mungkin orang yang sama", "different NIKs, perhaps the same person"),
    "two_kks": Text("nomor KK hampir sama, orangnya sama", "nearly the same family card, the same people"),
    "left": Text(
        "tidak disebut formulir mana pun lagi, tetapi ada di daftar atau menerima bantuan",
        "no form names this person any more, but a list does, or aid was given",
    ),
    "consent": Text(
        "ditolak di formulir ini, disetujui di formulir lain: data ditahan sampai ia setuju di formulir baru",
        "refused on this form, consented to on another: the data stay until this person consents on a new form",
    ),
    "nobody": Text("bantuan tanpa nama penerima", "aid without a recipient's name"),
}
"""What a person has to decide."""

ENTITIES: Final[dict[str, Text]] = {
    "household": Text("Keluarga", "Households"),
    "person": Text("Orang", "People"),
    "proposal": Text("Usulan", "Proposals"),
    "distribution": Text("Penyaluran", "Distributions"),
    "visit": Text("Sosialisasi", "Sessions"),
}


def month_name(month: str) -> str:
    """`2026-11` as `November 2026`."""
    return f"{MONTHS[int(month[5:]) - 1]} {month[:4]}"
