"""`sotarsa forms new` and the pictures of `sotarsa forms check --draw`."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.cli import context
from pipeline.errors import UsageError
from pipeline.forms.attributes import ENTITIES
from pipeline.forms.catalogue import Catalogue, Form
from pipeline.forms.definition import MOST_PAGES
from pipeline.forms.layout import Kind
from pipeline.forms.types import TYPES
from pipeline.language import Text
from pipeline.outputs import whole

if TYPE_CHECKING:
    from pipeline.drafting.save import Identity
    from pipeline.drafting.types import DraftItem, DraftPage, Grey, Sheet
    from pipeline.forms.entries import RegisterEntry

NEW: Final = Text(
    "Buat rancangan definisi dari formulir kosong cetakan pihak lain. "
    "Contoh: sotarsa forms new kuesioner.pdf --name kuesioner --code KUE-01",
    "Draft a definition from an empty form that others printed. "
    "Example: sotarsa forms new kuesioner.pdf --name kuesioner --code KUE-01",
)
_BLANK: Final = Text("Formulir kosong: PDF, TIFF, JPEG, atau PNG.", "The empty form: PDF, TIFF, JPEG or PNG.")
_NAME: Final = Text("Nama formulir; bawaan: nama berkas.", "The form's name; default: the file's name.")
_CODE: Final = Text("Kode formulir, mis. KUE-01.", "The form's code, for example KUE-01.")
_FOUND: Final = Text(
    "{path}: {pages} halaman, {combs} baris kotak huruf, {choices} pertanyaan pilihan ({boxes} kotak), "
    "{rooms} tempat menulis, {tables} tabel ({rows} baris).",
    "{path}: {pages} pages, {combs} combs, {choices} choices ({boxes} boxes), {rooms} places to write, "
    "{tables} tables ({rows} rows).",
)
_OPENING: Final = Text("Membuka dan meluruskan blangko", "Opening the blank and turning it level")
_LOOKING: Final = Text(
    "Halaman {page}: mencari kotak, garis, dan kata", "Page {page}: looking for boxes, lines and words"
)
_NO_FIELDS: Final = Text(
    "Halaman {page} dari {name} tidak memuat isian, jadi tidak ikut. "
    "Halaman itu akan disisihkan bila ikut terpindai.",
    "Page {page} of {name} has nothing to fill in and is left out. It will be set aside where it is scanned.",
)
_TOO_LONG: Final = Text(
    f"Satu formulir paling banyak {MOST_PAGES} halaman. Bagi blangkonya menjadi beberapa berkas.",
    f"A form has at most {MOST_PAGES} pages. Split the blank into several files.",
)
_TWIN: Final = Text(
    "Perhatian: blangko ini cocok juga dengan formulir {twin}. Selama {form} dan {twin} ada, lembarnya disisihkan saat "
    "dipindai. Hapus salah satu definisinya; yang baru: {path}",
    "Note: form {twin} fits this blank as well. While there are both {form} and {twin}, its sheets are set aside when "
    "scanned. Delete one of the definitions; the new one: {path}",
)
_MAPPED: Final = Text("Masuk daftar: {fields}", "Goes into the register: {fields}")
_ROWS: Final = Text("{label} di tabel {table}", "{label} in the table {table}")
_UNMAPPED: Final = Text(
    "Belum ada isian yang pasti masuk daftar; tentukan dengan sotarsa forms edit {form}",
    "No field surely goes into the register yet; say which with sotarsa forms edit {form}",
)
_NEXT: Final = Text(
    "Ini baru rancangan. Periksa nama, jenis, letak, dan tempat setiap isian di daftar: sotarsa forms edit {form}\n"
    "Lihat letaknya sebagai gambar: sotarsa forms check {form} --draw {form}.png",
    "This is a draft. Check the name, type and place of each field, and what it becomes in the register: "
    "sotarsa forms edit {form}\n"
    "See the places as a picture: sotarsa forms check {form} --draw {form}.png",
)


def new_form(
    blank: Annotated[Path, typer.Argument(metavar="BLANK", help=str(_BLANK), show_default=False)],
    name: Annotated[str | None, typer.Option(metavar="NAME", help=str(_NAME))] = None,
    code: Annotated[str | None, typer.Option(metavar="CODE", help=str(_CODE))] = None,
) -> None:
    """Draft a definition from an empty form that others printed."""
    from pipeline.drafting.mapping import entries
    from pipeline.drafting.save import save_draft

    if not blank.is_file():
        raise UsageError(
            Text(
                f"Berkas {blank} tidak ada. Periksa ejaannya.",
                f"There is no file {blank}. Check its spelling.",
            )
        )
    identity = _identity(context.catalogue(), name or _plain_name(blank), code)
    sheets, drafted = _found(blank)
    pages = [page.items for page in drafted]
    if not pages:
        raise UsageError(
            Text(
                f"Tidak ditemukan kotak, garis, atau lingkaran isian di {blank.name}. "
                "Pindai ulang formulir kosongnya lurus pada 300 dpi, atau tulis definisinya sendiri.",
                f"No cells, lines or boxes to fill in were found in {blank.name}. "
                "Scan the empty form again, straight, at 300 dpi, or write the definition by hand.",
            )
        )
    if title := drafted[0].heading:
        identity = replace(identity, title=title)
    twins = _twins(context.catalogue(), identity.form, sheets)
    path = save_draft(context.home() / "forms", identity, sheets, pages, blank.name)
    context.say(_FOUND.format(path=path, pages=len(pages), **_counts(pages)))
    for twin in twins:
        context.tell(_TWIN, form=identity.form, twin=twin, path=path)
    told = entries(pages)
    context.say(_MAPPED.format(fields=_mapped(told)) if told else _UNMAPPED.format(form=identity.form))
    context.say(_NEXT.format(form=identity.form))


def _found(blank: Path) -> "tuple[list[Sheet], list[DraftPage]]":
    """The pages of a blank that hold fields, and what they hold; what is being done shows meanwhile.

    Raises:
        UsageError: there are more such pages than a form may have.
    """
    from pipeline.drafting.blank import open_blank
    from pipeline.drafting.draft import draft_page

    sheets: list[Sheet] = []
    pages: list[DraftPage] = []
    taken = set[str]()
    with context.console().status(str(_OPENING)) as status:
        for number, sheet in enumerate(open_blank(blank), start=1):
            status.update(_LOOKING.format(page=number))
            page = draft_page(sheet, taken)
            if not page.items:
                context.tell(_NO_FIELDS, page=number, name=blank.name)
                continue
            if len(pages) == MOST_PAGES:
                raise UsageError(_TOO_LONG)
            sheets.append(sheet)
            pages.append(page)
    return sheets, pages


def _mapped(told: "Sequence[RegisterEntry]") -> str:
    """What the fields of a draft become, in the office's words."""
    return "; ".join(map(_entry, told))


def _entry(told: "RegisterEntry") -> str:
    rules = ENTITIES[told.entity]
    whose = _ROWS.format(label=rules.label, table=told.table) if told.table else str(rules.label)
    return f"{whose} ({', '.join(str(rules.attributes[name].label) for name in told.map)})"


def _twins(known: Catalogue, form: str, sheets: "Sequence[Sheet]") -> list[str]:
    """The other forms that these pages would be taken for."""
    from pipeline.registration.given import register_given
    from pipeline.registration.types import Registration

    others = [one for one in known.forms() if one.definition.form != form]
    found = (register_given(sheet.grey, others) for sheet in sheets)
    return list(dict.fromkeys(one.layout.form for one in found if isinstance(one, Registration)))


def draw(form: Form, out: Path) -> list[Path]:
    """Write one PNG a page with the boxes of a form over its paper; `OUT-1.png`, … where there are several.

    Raises:
        MissingPartError: poppler is not installed.
    """
    import cv2
    import numpy as np

    from pipeline.drafting.overlay import draw_boxes

    pictures = _printed(form)
    paths = []
    for page, grey in zip(form.layout.pages, pictures, strict=True):
        number = f"-{page.page}" if len(pictures) > 1 else ""
        path = out.with_name(f"{out.stem}{number}.png")
        drawn = np.asarray(draw_boxes(grey, page))
        with whole(path, folders=True) as part:
            part.write_bytes(cv2.imencode(".png", drawn[:, :, ::-1])[1].tobytes())
        paths.append(path)
    return paths


def _printed(form: Form) -> "list[Grey]":
    """The pages of a form: its blanks, or as it comes from the printer, with a serial for show."""
    from pipeline.forms.given import picture_of
    from pipeline.forms.printing import print_sheets
    from pipeline.scans.pages import open_pages
    from pipeline.scans.types import PageImage

    if form.blanks:
        return [picture_of(one) for one in form.blanks]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "form.pdf"
        print_sheets(form, [f"{form.definition.code[:3]}-0000-00-00000"], path)
        return [page.decode() for page in open_pages(path) if isinstance(page, PageImage)]


def _identity(catalogue: Catalogue, name: str, code: str | None) -> "Identity":
    """The next version of a form that is known, or the first of a new one.

    Raises:
        UsageError: the name or code cannot be one, or another form has the code.
    """
    from pipeline.drafting.save import Identity

    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise UsageError(
            Text(
                f"Nama {name} tidak sah: pakai huruf kecil, angka, dan _, mulai dengan huruf.",
                f"{name} is no name: use small letters, digits and _, a letter first.",
            )
        )
    known = [form.definition for form in catalogue.forms()]
    same = [one for one in known if one.form == name]
    chosen = code or (same[-1].code if same else _free_code(name, {one.code for one in known}))
    if not re.fullmatch(r"[A-Z]{3}-\d{2}", chosen):
        raise UsageError(
            Text(
                f"Kode {chosen} tidak sah: tiga huruf besar, tanda hubung, dua angka, mis. KUE-01.",
                f"{chosen} is no code: three capitals, a hyphen, two digits, for example KUE-01.",
            )
        )
    if other := next((one for one in known if one.code == chosen and one.form != name), None):
        raise UsageError(
            Text(
                f"Kode {chosen} sudah dipakai formulir {other.form}. Pilih kode lain dengan --code.",
                f"Form {other.form} already has the code {chosen}. Choose another one with --code.",
            )
        )
    if any(not one.blank or one.code != chosen for one in same):
        raise UsageError(
            Text(
                f"Nama {name} sudah dipakai formulir {same[-1].code} kantor ini. Pilih nama lain dengan --name.",
                f"The office's form {same[-1].code} is called {name} already. Choose another name with --name.",
            )
        )
    version = max((one.version for one in same), default=0) + 1
    return Identity(name, chosen, version, name.replace("_", " ").capitalize())


def _plain_name(blank: Path) -> str:
    from pipeline.drafting.guess import slug

    plain = slug(blank.stem)[:40].rstrip("_")
    return plain if plain[:1].isalpha() else f"formulir_{plain}".rstrip("_")


def _free_code(name: str, taken: set[str]) -> str:
    letters = (name.replace("_", "").upper() + "XXX")[:3]
    letters = re.sub(r"[^A-Z]", "X", letters)
    return next(code for number in range(1, 100) if (code := f"{letters}-{number:02}") not in taken)


def _counts(pages: "list[list[DraftItem]]") -> dict[str, int]:
    """What was found; what stands in a table's row counts once."""
    from pipeline.drafting.types import DraftTable

    items = [item for page in pages for item in page]
    tables = [item for item in items if isinstance(item, DraftTable)]
    alone = [item for item in items if not isinstance(item, DraftTable)]
    fields = [*alone, *(column for table in tables for column in table.columns)]
    kinds = Counter(TYPES[field.type].kind for field in fields)
    return {
        "combs": kinds[Kind.COMB],
        "choices": kinds[Kind.MARKS],
        "boxes": sum(len(field.choices) for field in fields),
        "rooms": kinds[Kind.AREA] + kinds[Kind.LINE],
        "tables": len(tables),
        "rows": sum(table.rows for table in tables),
    }
