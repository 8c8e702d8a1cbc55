"""What a batch gave, in words, as JSON and as an exit status."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.table import Table

from pipeline.cli import context
from pipeline.cli.refuted import tell_waiting
from pipeline.errors import Exit, SotarsaError
from pipeline.language import Text
from pipeline.scans.files import NAMED, readable

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.review.calibration import Waiting
    from pipeline.store.tally import BatchSummary

_SHUT: Final = Text(
    "{path} tidak dapat dibuka dan belum dibaca. Minta izin bacanya, atau sambungkan lagi diskanya, lalu pindai lagi.",
    "{path} cannot be opened and is not read yet. Get the right to read it, or connect its drive, then scan again.",
)


_PASSED: Final = Text(
    "Tidak dibaca karena bukan PDF atau gambar pindaian, atau belum selesai disalin: {names}. Jika ada lembar di"
    " dalamnya, simpan dulu sebagai PDF.",
    "Not read, being no PDF or scanned picture, or not wholly copied yet: {names}. If a sheet is in it, save it as PDF"
    " first.",
)
_UNFINISHED: Final = Text(
    "Belum dibaca sampai akhir: {names}. Bila perintah lain tidak sedang membacanya, lanjutkan: sotarsa scan {archive}",
    "Not read to the end: {names}. Unless another command is reading it now, go on with: sotarsa scan {archive}",
)
_NEXT: Final = Text("Lanjutkan dengan: sotarsa review", "Go on with: sotarsa review")
_MORE: Final = Text("{count} lagi", "{count} more")


def status(summary: "BatchSummary") -> Exit:
    """The exit status that a batch deserves."""
    if summary.files and summary.unusable == summary.files and not summary.already:
        return Exit.USAGE
    if summary.shut and not (summary.files or summary.already):
        return Exit.USAGE
    return Exit.NEEDS_EYE if summary.set_aside or summary.shut else Exit.DONE


def facts(summary: "BatchSummary", passed: Sequence[Path], fault: SotarsaError | None) -> dict[str, object]:
    """What `--json` prints."""
    return {
        "batch": summary.batch,
        "files": summary.files,
        "already_read": list(summary.already),
        "unfinished": list(summary.unfinished),
        "not_opened": [readable(str(path)) for path in summary.shut],
        "passed_over": [readable(str(path)) for path in passed],
        "pages": summary.pages,
        "read": summary.read,
        "separators": summary.separators,
        "set_aside": [
            {
                "source": one.source,
                "image": one.image,
                "reason": one.reason,
                "message": str(one.message),
            }
            for one in summary.set_aside
        ],
        "fields": {
            "accepted": summary.accepted,
            "audited": summary.audited,
            "review": summary.review,
        },
        "forms": summary.forms,
        "suspended": [asdict(one) for one in _waiting(summary)],
        "fault": str(fault) if fault else None,
    }


def show(summary: "BatchSummary", passed: Sequence[Path] = ()) -> None:
    """Tell a person what became of a batch, and which files of its folders are none of it, on standard error."""
    console = context.console()
    _show_already(summary.already)
    for path in summary.shut:
        context.tell(_SHUT, path=readable(str(path)))
    if passed:
        context.tell(_PASSED, names=_some([readable(path.name) for path in passed]))
    if summary.unfinished:
        context.tell(_UNFINISHED, names=_some(summary.unfinished), archive=context.home() / "archive")
    if not summary.files:
        return
    counts = Table(title=str(Text("Batch", "Batch")) + f" {summary.batch}", show_header=False)
    counts.add_column()
    counts.add_column(justify="right")
    for form, pages in sorted(summary.forms.items()):
        counts.add_row(Text("Halaman dibaca: {form}", "Pages read: {form}").format(form=form), str(pages))
    if summary.separators:
        counts.add_row(str(Text("Lembar pemisah", "Separator sheets")), str(summary.separators))
    counts.add_row(str(Text("Halaman disisihkan", "Pages set aside")), str(len(summary.set_aside)))
    counts.add_row(str(Text("Isian diterima", "Fields accepted")), str(summary.accepted))
    counts.add_row(str(Text("Isian untuk diperiksa", "Fields to review")), str(summary.review))
    if summary.audited:
        audited = Text(
            "Ditambah isian diterima yang ikut diperiksa", "And accepted fields to check with them"
        )
        counts.add_row(str(audited), str(summary.audited))
    console.print(counts)
    from pipeline.recognition.second import model_file

    if model_file() is None:
        console.print(
            Text(
                "Pembaca kedua tidak terpasang: lebih banyak isian harus diperiksa. Pasang dengan: make setup",
                "The second reader is not installed: more fields need review. Install it with: make setup",
            )
        )
    if summary.set_aside:
        _show_aside(console, summary)
    tell_waiting(_waiting(summary))
    if summary.review:
        context.tell(_NEXT)


def _waiting(summary: "BatchSummary") -> "tuple[Waiting, ...]":
    from pipeline.review.calibration import waiting

    return waiting(context.home(), context.catalogue(), summary.batch)


def _some(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    more = [_MORE.format(count=len(names) - NAMED)] if len(names) > NAMED else []
    return ", ".join([*names[:NAMED], *more])


def _show_aside(console: "Console", summary: "BatchSummary") -> None:
    aside = Table(title=str(Text("Disisihkan", "Set aside")))
    for head in (
        Text("Berkas", "File"),
        Text("Hal.", "Image"),
        Text("Sebab dan tindakan", "Reason and cure"),
    ):
        aside.add_column(str(head))
    for row in _grouped(summary):
        aside.add_row(*row)
    console.print(aside)


def _grouped(summary: "BatchSummary") -> Iterator[tuple[str, str, str]]:
    """What was set aside: file, images (`3`, `5–22`), sentence; images in a row with one sentence together."""
    for (source, why), some in groupby(summary.set_aside, lambda one: (one.source, str(one.message))):
        for _, run in groupby(enumerate(some), lambda pair: pair[1].image - pair[0]):
            images = [one.image for _, one in run]
            yield source, "–".join(str(one) for one in dict.fromkeys((images[0], images[-1]))), why


def _show_already(names: Sequence[str]) -> None:
    if len(names) > NAMED:
        many = Text("{count} berkas sudah pernah dibaca.", "{count} files were read before.")
        context.tell(many, count=len(names))
        return
    for name in names:
        one = Text(
            "{name}: sudah pernah dibaca, tidak ada yang berubah.", "{name}: read before, nothing changed."
        )
        context.tell(one, name=name)
