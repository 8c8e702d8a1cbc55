"""The words of the pages, in both languages, and which language a browser has chosen."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from django.http import HttpRequest

from pipeline.language import LANGUAGES, Language, Text, language

LANGUAGE_COOKIE: Final = "sotarsa_lang"

OTHER_LANGUAGE: Final = Text("English", "Indonesia")

REFUSED: Final = (
    Text("Alamat ini tidak berlaku lagi", "This address is no longer valid"),
    Text(
        "Halaman ini hanya terbuka bagi peramban yang dibuka oleh perintah sotarsa di komputer ini. "
        "Kembali ke Terminal, hentikan dengan Ctrl-C, lalu jalankan perintahnya sekali lagi.",
        "This page is open only to the browser that was opened by the sotarsa command on this computer. "
        "Go back to the terminal, stop it with Ctrl-C, and run the command again.",
    ),
)
MISSING: Final = (
    Text("Halaman tidak ditemukan", "Page not found"),
    Text(
        "Alamatnya salah, atau formulir ini tidak ada lagi. Formulir yang ada: sotarsa forms list.",
        "The address is wrong, or this form is gone. The forms that there are: sotarsa forms list.",
    ),
)
STALE: Final = (
    Text("Halaman ini sudah terlalu lama terbuka", "This page has been open too long"),
    Text("Muat ulang halaman (F5), lalu coba lagi.", "Load the page again (F5), then try again."),
)
BROKEN: Final = (
    Text("Program ini gagal", "This program failed"),
    Text(
        "Muat ulang halaman. Bila terulang, kirim berkas logs/sotarsa.log dari folder data kepada pengelola.",
        "Load the page again. If it happens again, send logs/sotarsa.log of the data folder to the administrator.",
    ),
)
WRONG: Final = Text("Definisi perlu diperbaiki", "The definition needs correction")

EDITOR: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "version": Text("versi", "version"),
        "save": Text("Simpan", "Save"),
        "undo": Text("Urungkan", "Undo"),
        "redo": Text("Ulangi", "Redo"),
        "keys": Text("Tombol", "Keys"),
        "close": Text("Tutup", "Close"),
        "cancel": Text("Batal", "Cancel"),
        "delete": Text("Hapus", "Delete"),
        "fields": Text("Isian", "Fields"),
        "no_fields": Text("Belum ada isian.", "No fields yet."),
        "blank": Text("Blangko", "Blank"),
        "blank_alt": Text("Blangko halaman {n}", "Page {n} of the blank"),
        "boxes": Text("Kotak isian di atas blangko", "Boxes of the fields over the blank"),
        "page": Text("Halaman {n}", "Page {n}"),
        "pages": Text("Halaman", "Page"),
        "tool": Text("Alat", "Tool"),
        "tool_pick": Text("Pilih", "Select"),
        "tool_marks": Text("Centang", "Tick box"),
        "tool_comb": Text("Kotak huruf", "Comb"),
        "tool_area": Text("Area", "Area"),
        "tool_pick_help": Text(
            "Klik sebuah kotak untuk memilihnya; tarik untuk menggesernya.",
            "Click a box to select it; drag to move it.",
        ),
        "tool_marks_help": Text(
            "Tarik di tempat kosong. Bila isian pilihan sedang terpilih, kotaknya menjadi pilihan berikutnya; "
            "Esc untuk pertanyaan baru.",
            "Drag on an empty place. While a choice is selected the box becomes its next choice; "
            "Esc for a new question.",
        ),
        "tool_comb_help": Text(
            "Tarik satu kotak dari awal sampai akhir deretan; kotak itu dibagi sama lebar.",
            "Drag one box from the first cell to the last; it is split into equal cells.",
        ),
        "tool_area_help": Text(
            "Tarik di tempat kosong untuk tulisan bebas atau tanda tangan.",
            "Drag on an empty place, for free writing or a signature.",
        ),
        "cells": Text("Banyaknya", "Cells"),
        "create": Text("Tambah", "Add"),
        "magnet": Text("Tempel ke garis", "Stick to lines"),
        "zoom_in": Text("Perbesar", "Zoom in"),
        "zoom_out": Text("Perkecil", "Zoom out"),
        "zoom_fit": Text("Pas lebar", "Fit width"),
        "hint": Text(
            "Pilih kotak dengan klik atau Tab, geser dengan tanda panah. Tekan ? untuk semua tombol.",
            "Select a box by click or Tab, move it with the arrow keys. Press ? for all keys.",
        ),
        "details": Text("Rincian", "Details"),
        "nothing_selected": Text(
            "Belum ada isian yang dipilih.\n\nKlik sebuah kotak, atau pilih alat lalu tarik di tempat kosong untuk "
            "membuat isian baru.",
            "No field is selected.\n\nClick a box, or choose a tool and drag on an empty place to make a new field.",
        ),
        "title": Text("Judul formulir", "Title of the form"),
        "title_id": Text("Judul formulir (Indonesia)", "Title of the form (Indonesian)"),
        "title_en": Text("Judul formulir (Inggris)", "Title of the form (English)"),
        "name": Text("Nama dalam data", "Name in the data"),
        "type": Text("Jenis", "Type"),
        "goes": Text("Masuk daftar sebagai", "Goes into the register as"),
        "goes_also": Text("dan juga sebagai", "and also as"),
        "goes_nothing": Text("– tidak masuk daftar –", "– nothing –"),
        "goes_no_more": Text("– tidak ada lagi –", "– nothing else –"),
        "goes_rows": Text("{entity}, di tiap baris {table}", "{entity}, in each row of {table}"),
        "goes_another": Text("{entity} lain di lembar ini", "{entity}, another on this sheet"),
        "goes_free": Text("Keterangan lain tentang", "Something else about"),
        "goes_taken": Text("{label} (sudah dari {name})", "{label} (from {name} already)"),
        "goes_into": Text("Masuk daftar sebagai: {names}", "Goes into the register as: {names}"),
        "goes_nowhere": Text(
            "Belum ada isian yang masuk daftar. Pilih sebuah isian, lalu tentukan “Masuk daftar sebagai”.",
            "No field goes into the register yet. Select a field, then say what it “Goes into the register as”.",
        ),
        "label_id": Text("Label (Indonesia)", "Label (Indonesian)"),
        "label_en": Text("Label (Inggris)", "Label (English)"),
        "label_id_short": Text("Label", "Label (id)"),
        "label_en_short": Text("Inggris", "Label (en)"),
        "cell_count": Text("Banyaknya kotak", "Number of cells"),
        "required": Text("Wajib diisi", "Must be filled in"),
        "multiple": Text("Boleh lebih dari satu", "Several may be ticked"),
        "filled": Text("Dihitamkan penuh berarti dipilih", "A filled box means chosen"),
        "choices": Text("Pilihan", "Choices"),
        "value": Text("Nilai", "Value"),
        "add_choice": Text("Tambah pilihan", "Add a choice"),
        "drop_choice": Text("Hapus pilihan {value}", "Delete choice {value}"),
        "place": Text("Letak, mm", "Place, mm"),
        "whole_field": Text("· seluruh isian", "· whole field"),
        "one_box": Text("· kotak {n} dari {all}", "· box {n} of {all}"),
        "left": Text("Kiri", "Left"),
        "top": Text("Atas", "Top"),
        "width": Text("Lebar", "Width"),
        "height": Text("Tinggi", "Height"),
        "snap": Text("Tempel ke garis", "Stick to lines"),
        "duplicate": Text("Gandakan", "Duplicate"),
        "tabulate": Text("Jadikan tabel", "Make a table"),
        "tabulated": Text(
            "{name} menjadi kolom pertama {table}. Atur banyaknya baris dan jaraknya; selama tabel terpilih, "
            "kotak yang digambar menjadi kolom berikutnya.",
            "{name} is the first column of {table}. Set its rows and their pitch; while the table is selected, "
            "what is drawn becomes its next column.",
        ),
        "table": Text("Tabel", "Table"),
        "new_table": Text("tabel", "tabel"),
        "rows": Text("Banyaknya baris", "Number of rows"),
        "pitch": Text("Jarak antarbaris, mm", "Pitch of the rows, mm"),
        "uneven": Text("tidak sama", "uneven"),
        "count_table": Text("{n} baris", "{n} rows"),
        "earlier": Text("Naikkan", "Earlier"),
        "later": Text("Turunkan", "Later"),
        "changed": Text("Belum disimpan", "Not saved"),
        "unchanged": Text("Tersimpan", "Saved"),
        "saving": Text("Menyimpan …", "Saving …"),
        "saved": Text(
            "Tersimpan pukul {time}. Definisi sebelumnya ada di berkas .bak.",
            "Saved at {time}. The former definition is in the .bak file.",
        ),
        "not_saved": Text(
            "Belum tersimpan (status {status}). Muat ulang halaman di tab lain, lalu coba lagi.",
            "Not saved (status {status}). Load the page in another tab, then try again.",
        ),
        "no_answer": Text(
            "Belum tersimpan: Sotarsa tidak menjawab. Biarkan halaman ini terbuka dan periksa Terminalnya.",
            "Not saved: Sotarsa does not answer. Leave this page open and look at its terminal.",
        ),
        "not_loaded": Text(
            "Definisi tidak dapat dimuat. Jalankan sotarsa forms check di Terminal.",
            "The definition could not be loaded. Run sotarsa forms check in the terminal.",
        ),
        "save_as": Text("Simpan sebagai versi {n}", "Save as version {n}"),
        "reload": Text("Muat ulang, buang perubahan saya", "Load again, drop my changes"),
        "frozen": Text(
            "Versi ini sudah dipakai di atas kertas. Label dan apa yang masuk daftar boleh diubah; "
            "perubahan lain disimpan sebagai versi baru.",
            "This version is in use on paper. Labels and what goes into the register may change; "
            "other changes are saved as a new version.",
        ),
        "faulty": Text("Perlu diperbaiki", "Needs correction"),
        "name_form": Text(
            "Nama memakai huruf kecil, angka, dan garis bawah, diawali huruf. Contoh: tanggal_lahir.",
            "A name has small letters, digits and underscores and begins with a letter. Example: tanggal_lahir.",
        ),
        "name_long": Text("Nama paling panjang 40 huruf.", "A name has at most 40 characters."),
        "name_twice": Text("Nama ini sudah dipakai isian lain.", "Another field has this name."),
        "title_empty": Text("Judul belum diisi.", "The title is empty."),
        "label_empty": Text("Label belum diisi.", "The label is empty."),
        "value_form": Text(
            "Nilai memakai huruf, angka, dan garis bawah, paling panjang 20.",
            "A value has letters, digits and underscores, at most 20.",
        ),
        "value_twice": Text("Dua pilihan bernilai sama.", "Two choices have the same value."),
        "new_name": Text("isian", "isian"),
        "new_label": Text("Isian baru", "New field"),
        "count_comb": Text("{n} kotak huruf", "{n} cells"),
        "count_marks": Text("{n} kotak centang", "{n} tick boxes"),
        "count_area": Text("satu area", "one area"),
        "count_line": Text("satu baris", "one line"),
        "added": Text("Isian {name} ditambahkan: {count}.", "Field {name} added: {count}."),
        "choice_added": Text("Pilihan ditambahkan ke {name}.", "A choice was added to {name}."),
        "removed": Text("{name} dihapus. Ctrl+Z mengembalikannya.", "{name} deleted. Ctrl+Z brings it back."),
        "duplicated": Text("Salinan: {name}.", "Copy: {name}."),
        "snapped": Text("Ditempelkan ke garis terdekat.", "Put on the nearest lines."),
        "undone": Text("Diurungkan.", "Undone."),
        "redone": Text("Diulangi.", "Redone."),
        "nothing_more": Text("Tidak ada lagi.", "Nothing more."),
    }
)
"""What the page for editing says, its script too."""

ONLY_VALUES: Final = Text("Nilai pilihan yang dikenal: {values}.", "Values that are known: {values}.")
PROGRAMME_CODES: Final = Text(
    "Nilai pilihan ialah kode program: {values}. Yang lain masuk sebagai {other}.",
    "Values are the programmes' codes: {values}. Any other enters as {other}.",
)
"""What is to be known of some attributes before they are chosen."""

HELP: Final[tuple[tuple[str, Text], ...]] = (
    ("Tab", Text("isian berikutnya", "next field")),
    (", .", Text("satu kotak di dalam isian", "one box of the field")),
    ("← ↑ → ↓", Text("geser 0,2 mm", "move by 0.2 mm")),
    ("Shift+→ Shift+↓", Text("besarkan; ← ↑ mengecilkan", "enlarge; ← ↑ make smaller")),
    ("Alt+→", Text("langkah halus, 0,05 mm", "fine steps, 0.05 mm")),
    ("G", Text("tempel ke garis cetak terdekat", "put on the nearest printed lines")),
    ("Enter", Text("ubah nama; Esc kembali", "change the name; Esc goes back")),
    ("1 2 3 4", Text("alat: pilih, centang, kotak huruf, area", "tools: select, tick box, comb, area")),
    ("B", Text("isian baru di tengah layar", "new field in the middle")),
    ("Ctrl+D", Text("gandakan", "duplicate")),
    ("T", Text("jadikan tabel", "make a table")),
    ("Del", Text("hapus", "delete")),
    ("Ctrl+Z Ctrl+Y", Text("urungkan, ulangi", "undo, redo")),
    ("+ - 0", Text("perbesar, perkecil, pas lebar", "zoom in, out, fit width")),
    ("PgUp PgDn", Text("halaman", "pages")),
    ("N P", Text("isian berikutnya, sebelumnya, di semua halaman", "next, previous field of all pages")),
    ("Ctrl+S", Text("simpan", "save")),
)
"""The keys of the page for editing, and what they do."""


def language_of(request: HttpRequest) -> Language:
    """The language that this browser chose, else that of the process."""
    chosen = request.COOKIES.get(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else language()


def spoken(request: HttpRequest) -> dict[str, Any]:
    """For every template: its address, the browser's language, and the other one with its name."""
    chosen = language_of(request)
    other = "id" if chosen == "en" else "en"
    return {
        "path": request.path,
        "lang": chosen,
        "other": other,
        "other_language": OTHER_LANGUAGE.said(chosen),
    }
