"""What the register keeps of each entity, and which fields may say it: one table for checks, drafts and the editor."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from pipeline.forms.layout import FieldType
from pipeline.language import Text

Entity = Literal["household", "person", "proposal", "distribution", "visit"]

FREE: Final = "facts."
"""Begins the name of an attribute that the register keeps without knowing it."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that the register keeps.

    Attributes:
        label: in the office's words.
        types: the types of fields that can say it.
        values: where the register knows only these, all values that a choice may have.
        longest: so many characters the register keeps of it; None for what no field exceeds.
    """

    label: Text
    types: frozenset[FieldType]
    values: tuple[str, ...] = ()
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What is true of every entry of one entity.

    Attributes:
        label: in the office's words.
        attributes: what the register keeps of it, by name.
        needs: attributes of which an entry says at least one.
        rows: whether each row of a table may be one.
        facts: whether its export tells what the register keeps without knowing it.
        counted: whether a table's rows are counted instead.
    """

    label: Text
    attributes: Mapping[str, Attribute]
    needs: tuple[str, ...] = ()
    rows: bool = False
    facts: bool = False
    counted: bool = False


_DAY: Final = frozenset({FieldType.DATE})
_AMOUNT: Final = frozenset({FieldType.COUNT, FieldType.MONEY, FieldType.NUMBER, FieldType.CODE})
_PERSON: Final = frozenset({FieldType.NAME, FieldType.TEXT, FieldType.LINE})
_WORDS: Final = frozenset({FieldType.PLACE, FieldType.TEXT, FieldType.LINE})
_ANSWER: Final = frozenset({FieldType.CHOICE, FieldType.CODE})
_SMALL: Final = frozenset({FieldType.CODE, FieldType.COUNT, FieldType.NUMBER})
_VILLAGE: Final = frozenset({FieldType.VILLAGE, FieldType.CODE, FieldType.CHOICE})
_CHOICE: Final = frozenset({FieldType.CHOICE})

_NIK: Final = Attribute(Text("NIK", "NIK"), frozenset({FieldType.NIK}))
_NAME: Final = Attribute(Text("Nama", "Name"), _PERSON)
_PLACE: Final = Attribute(Text("Kode desa", "Village code"), _VILLAGE, longest=4)
_PROGRAMME: Final = Attribute(Text("Program bantuan", "Programme"), _ANSWER)

ENTITIES: Final[Mapping[Entity, Rules]] = MappingProxyType(
    {
        "household": Rules(
            Text("Keluarga", "Household"),
            {
                "kk": Attribute(Text("Nomor KK", "Family card number"), frozenset({FieldType.KK})),
                "village": _PLACE,
                "rt": Attribute(Text("RT", "RT"), _SMALL, longest=3),
                "rw": Attribute(Text("RW", "RW"), _SMALL, longest=3),
                "address": Attribute(Text("Alamat", "Address"), _WORDS),
                "surveyed_on": Attribute(Text("Tanggal pendataan", "Date of the survey"), _DAY),
                "consent": Attribute(
                    Text("Persetujuan atas data", "Consent to the data"), _CHOICE, ("setuju", "tidak_setuju")
                ),
            },
            facts=True,
        ),
        "person": Rules(
            Text("Orang", "Person"),
            {
                "nik": _NIK,
                "name": _NAME,
                "sex": Attribute(Text("Jenis kelamin", "Sex"), _CHOICE, ("L", "P")),
                "birth_date": Attribute(Text("Tanggal lahir", "Birth date"), _DAY),
                "birth_place": Attribute(Text("Tempat lahir", "Birth place"), _WORDS),
                "phone": Attribute(Text("Nomor telepon", "Phone number"), frozenset({FieldType.PHONE})),
                "village": _PLACE,
                "relation": Attribute(
                    Text("Hubungan dengan kepala keluarga", "Relation to the family's head"),
                    _ANSWER,
                    longest=2,
                ),
            },
            needs=("nik", "name"),
            rows=True,
            facts=True,
        ),
        "proposal": Rules(
            Text("Usulan", "Proposal"),
            {
                "programme": _PROGRAMME,
                "asked_on": Attribute(Text("Tanggal usulan", "Date of the proposal"), _DAY),
                "priority": Attribute(Text("Prioritas", "Priority"), _ANSWER, longest=8),
            },
            needs=("programme",),
        ),
        "distribution": Rules(
            Text("Penyaluran", "Distribution"),
            {
                "nik": Attribute(Text("NIK penerima", "NIK of the recipient"), _NIK.types),
                "name": Attribute(Text("Nama penerima", "Name of the recipient"), _NAME.types),
                "programme": _PROGRAMME,
                "village": _PLACE,
                "date": Attribute(Text("Tanggal penyaluran", "Date"), _DAY),
                "quantity": Attribute(Text("Jumlah", "Quantity"), _AMOUNT),
                "unit": Attribute(Text("Satuan", "Unit"), _CHOICE | {FieldType.TEXT}, longest=12),
                "status": Attribute(
                    Text("Kehadiran penerima", "Presence of the recipient"),
                    _CHOICE,
                    ("hadir", "wakil", "tidak"),
                ),
                "signature": Attribute(
                    Text("Tanda tangan penerima", "Signature of the recipient"),
                    frozenset({FieldType.SIGNATURE}),
                ),
            },
            needs=("nik", "name"),
            rows=True,
        ),
        "visit": Rules(
            Text("Sosialisasi", "Session"),
            {
                "date": Attribute(Text("Tanggal kegiatan", "Date"), _DAY),
                "village": _PLACE,
                "topic": Attribute(Text("Materi", "Topic"), _WORDS | _ANSWER),
                "speaker": Attribute(Text("Narasumber", "Speaker"), _PERSON),
            },
            counted=True,
        ),
    }
)
"""What the register keeps, in the order in which a form's entries stand: people live in households told before them."""

COUNTED: Final = Attribute(
    Text("Peserta, dihitung menurut jawaban ini", "Participants, counted by this answer"),
    frozenset({FieldType.CHOICE, FieldType.CODE, FieldType.VILLAGE, FieldType.SIGNATURE}),
)
"""What a column of a visit's table becomes: how often each value is there. Names and numbers of people do not."""


def _of_types(types: frozenset[FieldType]) -> frozenset[str]:
    told = (one for rules in ENTITIES.values() for one in rules.attributes.items())
    return frozenset(name for name, attribute in told if attribute.types == types)


DAYS: Final = _of_types(_DAY)
AMOUNTS: Final = _of_types(_AMOUNT)
"""Attributes that are dates, and whole numbers; all others are texts."""
