"""What a reviewer's line means: Enter, a value, or one of the few commands that no value can be."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline.forms.fields import FieldSpec
from pipeline.forms.layout import FieldType
from pipeline.language import Text
from pipeline.recognition.types import Alternative
from pipeline.review.entry import Refused, check, interpret
from pipeline.review.items import ReviewItem

PICK: Final = "="
"""Stands before the number of an alternative where the number alone could be a value."""


class Do(StrEnum):
    """What is to be done."""

    TAKE = ""
    VALUE = "value"
    EMPTY = "-"
    UNREADABLE = "?"
    SKIP = ">"
    BACK = "<"
    PICTURE = ":g"
    HELP = ":h"
    QUIT = ":q"
    UNKNOWN = ":"
    NO_READING = "="


COMMANDS: Final = {
    Do.EMPTY: Text("kosong", "empty"),
    Do.UNREADABLE: Text("tidak terbaca", "unreadable"),
    Do.SKIP: Text("lewati", "skip"),
    Do.BACK: Text("kembali", "back"),
    Do.HELP: Text("bantuan", "help"),
    Do.QUIT: Text("keluar", "quit"),
}

HELP: Final = Text(
    """Satu isian setiap kali; setiap baris diakhiri Enter.

  Enter       terima bacaan yang tampil
  nilai       ketik nilai yang benar; tanggal: 21031978, 21-03-1978 atau
              1978-03-21; nama: huruf besar atau kecil;
              pilihan: nomor atau namanya, beberapa dengan koma (1,3)
  1 2 3 …     ambil bacaan lain dengan nomor itu
              (=1 =2 … bila angka itu sendiri bisa menjadi nilai)
  panah atas  ambil yang baru diketik atau bacaan yang tampil, untuk diubah
  -           isian ini kosong di kertas
  ?           ada tulisan, tetapi tidak terbaca
  >           lewati; isian ini tetap menunggu
  <           kembali ke keputusan Anda sebelumnya; tetap berlaku sampai
              Anda mengubahnya; Enter atau > maju lagi
  :g          buka gambar isian ini dengan penampil gambar
  :q          keluar; semua keputusan sudah tersimpan, lanjutkan kapan saja
  :h          bantuan ini
""",
    """One field at a time; every line ends with Enter.

  Enter       take the reading that is shown
  a value     type what is right; dates: 21031978, 21-03-1978 or 1978-03-21;
              choices: number or name, several with commas (1,3);
              names: in any case
  1 2 3 …     take the other reading with that number
              (=1 =2 … where the number itself may be a value)
  arrow up    fetch what was just typed, or the reading shown, to change it
  -           the field is empty on paper
  ?           something is written, but it cannot be read
  >           skip; the field goes on waiting
  <           back to your previous decision; it stands until you change it;
              Enter or > goes on again
  :g          open the picture of this field in the image viewer
  :q          quit; every decision is saved, go on whenever you like
  :h          this help
""",
)

NO_READING: Final = Text("Bacaan {said} tidak ada (1–{last}).", "There is no reading {said} (1–{last}).")
NO_COMMAND: Final = Text(
    "Perintah {said} tidak ada. :h menampilkan semuanya.", "There is no command {said}. :h shows them all."
)

_MOST: Final = 5
"""More alternatives than these are typed more quickly than found."""

_NUMBER: Final = re.compile(r"[0-9]{1,2}")
"""What may be meant to pick; more digits are no slip of one."""

_BARE: Final = {
    **{command.value: command for command in Do if command not in (Do.VALUE, Do.UNKNOWN, Do.NO_READING)},
    **dict.fromkeys((":keluar", ":quit", ":exit", ":x"), Do.QUIT),
    **dict.fromkeys((":bantuan", ":help", ":?"), Do.HELP),
    **dict.fromkeys((":gambar", ":picture"), Do.PICTURE),
}


@dataclass(frozen=True, slots=True)
class Action:
    """What a line asks for; `value` is what was typed, with `VALUE`, `UNKNOWN` and `NO_READING` only."""

    do: Do
    value: str = ""


def parse(line: str, item: ReviewItem, spec: FieldSpec) -> Action:
    """What a line means for an item; anything that neither is nor looks like a command is a value."""
    text = line.strip()
    if text.lower() in _BARE:
        return Action(_BARE[text.lower()])
    if text.startswith(Do.UNKNOWN):
        return Action(Do.UNKNOWN, text)
    others = choosable(item, spec)
    number = text.removeprefix(PICK)
    if not others or not _NUMBER.fullmatch(number) or (number == text and pick_sign(spec)):
        return Action(Do.VALUE, text)
    if 1 <= int(number) <= len(others):
        return Action(Do.VALUE, str(others[int(number) - 1].value))
    return Action(Do.VALUE if number in {item.value, *(one.value for one in others)} else Do.NO_READING, text)


def choosable(item: ReviewItem, spec: FieldSpec) -> tuple[Alternative, ...]:
    """The alternatives that a number picks: possible values only; the reading too, where another counts now.

    A choice has none, nor a signature: their own numbers pick.
    """
    if spec.type in (FieldType.CHOICE, FieldType.SIGNATURE):
        return ()
    known = {other.value for other in item.alternatives} | {item.value}
    first = () if item.read_value in known else (Alternative(item.read_value, item.confidence),)
    others = (*first, *item.alternatives)
    return tuple(one for one in others if one.value != item.value and possible(spec, one.value))[:_MOST]


def possible(spec: FieldSpec, value: str | None) -> bool:
    """Whether a person could decide for a value at all."""
    try:
        check(spec, value or "")
    except Refused:
        return False
    return value is not None


def pick_sign(spec: FieldSpec) -> str:
    """What stands before an alternative's number: nothing where a digit alone is no value that people mean."""
    if not spec.rules.alphabet.isdigit():
        return ""
    for digit in "123456789":
        try:
            interpret(spec, digit)
        except Refused:
            continue
        return PICK
    return ""
