"""Every reason that stops a page or a value, under its stable code, with the sentence the office reads.

A page's sentence says what is wrong and what to do; a value's sentence says what the reviewer should look at.
"""

from typing import Final

from pipeline.language import Text

PAGE_REASONS: Final[dict[str, Text]] = {
    "blank": Text(
        "Halaman kosong. Tidak perlu tindakan, kecuali sisi yang terisi terbalik saat dipindai.",
        "The page is blank. Nothing to do, unless the filled side lay face up in the scanner.",
    ),
    "not_our_form": Text(
        "Bukan formulir kantor ini: penanda sudut tidak ada. Pisahkan lembar ini, atau pindai ulang bila terpotong.",
        "Not one of our forms: no corner markers. Take the sheet out, or scan it again if corners were cut off.",
    ),
    "corners_missing": Text(
        "Penanda di sudut terpotong atau tertutup, sehingga letak isian tidak pasti. Pindai ulang seluruh lembar.",
        "Corner markers are cut off or covered, so the fields cannot be placed. Scan the whole sheet again.",
    ),
    "unknown_form": Text(
        "Formulir atau versinya tidak dikenal di sini. Taruh berkas definisinya di folder forms lalu pindai lagi.",
        "This form, or its version, is not known here. Put its definition into the forms folder and scan again.",
    ),
    "forms_alike": Text(
        "Dua formulir cocok dengan lembar ini. Bila keduanya berdiri di atas blangko yang sama, hapus salah satu "
        "definisinya, lalu pindai lagi.",
        "Two forms fit this sheet. If both stand on the same blank, delete one of the definitions and scan again.",
    ),
    "unreadable_identity": Text(
        "Kode QR dan nomor seri tidak terbaca. Pindai ulang dengan lebih bersih.",
        "Neither the QR code nor the printed serial can be read. Scan the sheet again, more cleanly.",
    ),
    "residual": Text(
        "Halaman terlalu melengkung atau terlipat sehingga letak isian tidak pasti. Ratakan lalu pindai ulang.",
        "The page is too bent or folded to place its fields with certainty. Flatten it and scan again.",
    ),
    "too_dark": Text(
        "Gambar terlalu gelap. Foto ulang di tempat terang, atau naikkan kecerahan pemindai.",
        "The picture is too dark. Take it again in good light, or raise the scanner's brightness.",
    ),
    "blotted": Text(
        "Gambar hanya hitam-putih dan bayangan menjadi hitam. Pindai ulang dalam skala abu-abu (bukan hitam-putih).",
        "The picture is black and white only, and shadows became black. Scan again in grey (not black and white).",
    ),
    "too_blurred": Text(
        "Gambar kabur. Foto ulang dengan tangan diam, tunggu sampai fokus; atau bersihkan kaca pemindai.",
        "The picture is blurred. Hold still and let the camera focus, or clean the scanner's glass.",
    ),
    "too_small": Text(
        "Gambar terlalu kecil (resolusi rendah). Pindai pada 300 dpi, atau foto lebih dekat dan kirim ukuran aslinya.",
        "The picture is too small (low resolution). Scan at 300 dpi, or go closer and send the photo in its full size.",
    ),
    "glare": Text(
        "Ada pantulan cahaya yang menutupi isi. Foto ulang tanpa lampu kilat, jauh dari cahaya langsung.",
        "A reflection hides part of the page. Take the photo again without flash, away from direct light.",
    ),
    "corner_top_left": Text(
        "Sudut kiri atas terpotong. Pindai atau foto ulang seluruh lembar dengan keempat sudutnya.",
        "The top left corner is cut off. Take the whole sheet again with all four corners.",
    ),
    "corner_top_right": Text(
        "Sudut kanan atas terpotong. Pindai atau foto ulang seluruh lembar dengan keempat sudutnya.",
        "The top right corner is cut off. Take the whole sheet again with all four corners.",
    ),
    "corner_bottom_right": Text(
        "Sudut kanan bawah terpotong. Pindai atau foto ulang seluruh lembar dengan keempat sudutnya.",
        "The bottom right corner is cut off. Take the whole sheet again with all four corners.",
    ),
    "corner_bottom_left": Text(
        "Sudut kiri bawah terpotong. Pindai atau foto ulang seluruh lembar dengan keempat sudutnya.",
        "The bottom left corner is cut off. Take the whole sheet again with all four corners.",
    ),
    "missing_side": Text(
        "Sisi lain dari lembar ini belum dipindai. Pindai sisi yang kurang; keduanya akan dipasangkan sendiri.",
        "The other side of this sheet has not been scanned. Scan the missing side; the two will be paired.",
    ),
    "duplicate_side": Text(
        "Sisi ini sudah pernah dipindai dengan isi yang sama. Tidak perlu tindakan; pindaian pertama yang dipakai.",
        "This side was scanned before with the same content. Nothing to do; the first scan is used.",
    ),
    "separator": Text(
        "Lembar pemisah: lembar di belakangnya dicatat menurut desa, tim, tanggal dan batch-nya.",
        "A separator sheet: its village, team, date and batch hold for the sheets behind it.",
    ),
    "separator_back": Text(
        "Sisi belakang lembar pemisah yang kosong. Tidak perlu tindakan.",
        "The empty back of a separator sheet. Nothing to do.",
    ),
    "unreadable_separator": Text(
        "Kode QR lembar pemisah ini tidak terbaca, jadi lembar di belakangnya tanpa keterangan. Cetak pemisah baru.",
        "This separator's QR code cannot be read, so nothing is said of the sheets behind it. Print a new one.",
    ),
    "unreadable_file": Text(
        "Berkas rusak atau bukan gambar yang dapat dibaca. Pindai ulang, atau simpan sebagai PDF, TIFF, JPEG atau PNG.",
        "The file is damaged or not a readable image. Scan again, or save it as PDF, TIFF, JPEG or PNG.",
    ),
    "encrypted": Text(
        "PDF ini dikunci dengan kata sandi. Simpan ulang tanpa kata sandi lalu pindai lagi.",
        "This PDF is locked with a password. Save it again without one, then scan again.",
    ),
    "empty_file": Text(
        "Berkas ini kosong (0 bita). Salin atau pindai ulang.",
        "This file is empty (0 bytes). Copy it or scan it again.",
    ),
    "wrong_type": Text(
        "Isi berkas bukan PDF atau gambar pindaian, atau bukan yang disebut akhiran namanya. Simpan sebagai PDF.",
        "This is no PDF or scanned picture, or not the one that its name ends in. Save it as PDF.",
    ),
    "too_large": Text(
        "Gambar terlalu besar untuk satu halaman. Pindai pada 300 dpi.",
        "The image is too large for one page. Scan at 300 dpi.",
    ),
    "internal": Text(
        "Halaman ini gagal dibaca karena kesalahan program. Berkasnya aman; kirim catatan log kepada pengembang.",
        "This page could not be read: a fault in the program. The file is safe; send the log to the developers.",
    ),
}
"""Why a page is set aside."""

_WHICH: Final[dict[str, Text]] = {
    "forms_alike": Text(
        f"{PAGE_REASONS['forms_alike'].id} ({{which}})", f"{PAGE_REASONS['forms_alike'].en} ({{which}})"
    ),
    "duplicate_side": Text(
        "Sisi ini sudah pernah dipindai, tetapi kini ada isian yang terbaca lain: {which}. Putuskan dengan: sotarsa "
        "review",
        "This side was scanned before, but some fields read differently now: {which}. Decide with: sotarsa review",
    ),
}
"""What pages' reasons say whose detail is for the office: which ones."""


def page_sentence(reason: str, detail: str = "") -> Text:
    """The sentence of a page's reason, with which ones it speaks of where the detail says so."""
    return _WHICH[reason].filled(which=detail) if detail and reason in _WHICH else PAGE_REASONS[reason]


VALUE_REASONS: Final[dict[str, Text]] = {
    "low_confidence": Text("Mohon diperiksa.", "Please check."),
    "audit_refuted": Text(
        "Pemeriksaan acak menemukan terlalu banyak nilai salah di kumpulan ini.",
        "The audit found too many wrong values in this lot.",
    ),
    "promise_refuted": Text(
        "Pemeriksaan acak menemukan terlalu banyak nilai salah pada jenis isian ini: setiap nilainya diperiksa sampai "
        "ketelitiannya terbukti lagi.",
        "The audit found too many wrong values in fields of this kind: each one is checked until their accuracy is "
        "proven anew.",
    ),
    "reread": Text(
        "Dibaca dengan yang dipelajari dari keputusan kantor ini: periksa.",
        "Read by what was learnt from this office's decisions: please check.",
    ),
    "crossed_out": Text("Ada coretan atau tulisan bertumpuk.", "Something is crossed out or written over."),
    "sign": Text(
        "Mungkin tanda (″ atau /), bukan angka 1.", "This may be a sign (″ or /) rather than the digit 1."
    ),
    "ink_outside": Text("Ada tulisan di luar kotak.", "There is writing outside the cells."),
    "uncertain_place": Text(
        "Kertas terlipat atau melengkung di sini: pastikan potongan gambar menunjukkan isian yang benar.",
        "The paper is folded or curled here: make sure that the picture shows the right field.",
    ),
    "not_seen": Text(
        "Garis cetak isian ini tidak tampak (tertutup, terpotong, silau atau pudar): lihat lembar aslinya.",
        "The printed outline of this field is not seen (covered, cut off, glare or faded): look at the sheet.",
    ),
    "faint": Text("Ada bekas tulisan yang terlalu tipis.", "There are traces of writing that is too faint."),
    "gap": Text("Ada kotak kosong di tengah isian.", "An empty cell stands inside the entry."),
    "several_marks": Text("Lebih dari satu kotak ditandai.", "More than one box is marked."),
    "unclear_mark": Text("Tanda tidak jelas.", "A mark is not clear."),
    "unclear_signature": Text(
        "Tidak jelas ada tanda tangan, atau hanya cap, garis, atau catatan.",
        "It is not clear whether there is a signature, or only a stamp, a line or a note.",
    ),
    "handwritten_line": Text("Tulisan tangan bebas: ketik isinya.", "Free handwriting: type what it says."),
    "machine_print": Text("Diketik dengan mesin: periksa.", "Typed by machine: please check."),
    "missing_required": Text("Wajib diisi, tetapi kosong.", "Required, but empty."),
    "serial_reused": Text(
        "Nomor seri ini juga ada di kertas lain dengan isi berbeda (fotokopi?). Cocokkan kedua sisinya.",
        "This serial is also on other paper with different content (a photocopied form?). Check that both sides belong "
        "together.",
    ),
    "copies_differ": Text(
        "Sisi ini dipindai dua kali dan isian ini terbaca berbeda.",
        "This side was scanned twice, and this field was read differently.",
    ),
    "separator_disagrees": Text(
        "Tidak sama dengan desa atau tanggal di lembar pemisah.",
        "Not the village or the date of the separator sheet.",
    ),
    "unfit": Text("Nilai ini tidak mungkin untuk isian ini.", "This is not a possible value."),
    "nik_length": Text("NIK harus tepat 16 angka.", "A NIK has exactly 16 digits."),
    "nik_date": Text(
        "Tanggal lahir di dalam NIK tidak ada di kalender.",
        "The birth date inside the NIK is not in the calendar.",
    ),
    "nik_serial": Text("Nomor urut NIK tidak boleh 0000.", "The serial part of a NIK is never 0000."),
    "nik_placeholder": Text(
        "Ini nomor pengganti, bukan NIK. Kosongkan bila belum punya NIK.",
        "This is a stand-in number, not a NIK. Leave it empty when there is no NIK yet.",
    ),
    "nik_area_unknown": Text(
        "Kode wilayah NIK tidak dikenal: periksa enam angka pertama.",
        "The area code of the NIK is not known: check its first six digits.",
    ),
    "kk_length": Text("Nomor Kartu Keluarga harus 16 angka.", "A family card number has 16 digits."),
    "kk_area_unknown": Text(
        "Kode wilayah nomor KK tidak dikenal: periksa enam angka pertama.",
        "The area code of the family card number is not known: check its first six digits.",
    ),
    "kk_date": Text(
        "Tanggal di dalam nomor KK (angka 7-12) tidak ada di kalender.",
        "The date inside the family card number (digits 7-12) is not in the calendar.",
    ),
    "phone_invalid": Text(
        "Nomor telepon tidak lazim di Indonesia (mulai dengan 0).",
        "Not an Indonesian phone number (it starts with 0).",
    ),
    "village_unknown": Text(
        "Kode desa tidak ada di kecamatan ini: tulis empat angka terakhir.",
        "No village of this sub-district has this code: write its last four digits.",
    ),
    "not_a_date": Text(
        "Bukan tanggal yang ada: tulis tanggal, bulan, tahun (05 11 2026).",
        "Not a real date: write day, month, year (05 11 2026).",
    ),
    "date_out_of_range": Text(
        "Tahunnya tidak masuk akal: periksa.", "The year is out of range: please check."
    ),
    "no_letters": Text("Hanya tanda baca, tanpa huruf.", "Only punctuation, no letters."),
    "one_letter": Text("Hanya satu huruf: periksa.", "A single letter: please check."),
    "roman": Text(
        "Mungkin angka Romawi (II, III), bukan 11 atau 111: periksa.",
        "This may be a Roman numeral (II, III) rather than 11 or 111: please check.",
    ),
    "note": Text(
        "Mungkin catatan (sda, nihil, tidak ada, alm.), bukan isian: periksa.",
        "This may be a note (same as above, none, deceased) rather than an entry: please check.",
    ),
    "code_unknown": Text(
        "Kode ini tidak ada dalam daftar di formulir.", "This code is not in the form's list."
    ),
    "outvoted": Text(
        "Aturan menunjuk nilai lain daripada tulisannya: lihat tulisannya.",
        "The rules point to another value than the ink does: look at the writing.",
    ),
    "nik_agrees_with_birth_date": Text(
        "Tanggal lahir tidak sama dengan yang ada di NIK.", "The birth date is not the one inside the NIK."
    ),
    "sex_agrees_with_nik": Text(
        "Jenis kelamin tidak sama dengan yang ada di NIK.", "The sex is not the one inside the NIK."
    ),
    "kk_differs_from_nik": Text("Nomor KK sama dengan NIK.", "The family card number equals the NIK."),
    "niks_differ": Text("Satu NIK ditulis dua kali pada lembar ini.", "One NIK stands twice on this sheet."),
    "members_counted": Text(
        "Jumlah anggota tidak sama dengan anggota yang ditulis.",
        "The number of members is not that of the names listed.",
    ),
    "village_known": Text(
        "Kode desa tidak ada di kecamatan ini.", "No village of this sub-district has this code."
    ),
    "date_not_in_future": Text("Tanggal ini belum tiba.", "This date lies in the future."),
    "not_born_after": Text(
        "Tanggal lahir sesudah tanggal pendataan.", "The birth date is after the date of the form."
    ),
    "signed_when_received": Text(
        "Tanda tangan tidak cocok dengan kehadiran.", "The signature does not fit the mark of presence."
    ),
    "quantity_when_received": Text(
        "Jumlah tidak cocok dengan kehadiran.", "The quantity does not fit the mark of presence."
    ),
    "received_counted": Text(
        "Jumlah penerima tidak sama dengan baris yang ditandai.",
        "The number of recipients is not that of the rows marked.",
    ),
    "men_counted": Text(
        "Jumlah laki-laki tidak sama dengan daftar.", "The number of men is not that of the list."
    ),
    "women_counted": Text(
        "Jumlah perempuan tidak sama dengan daftar.", "The number of women is not that of the list."
    ),
}
"""Why a value waits for a person; the rules of `pipeline.validation` add their own codes."""

ENTRY_REASONS: Final[dict[str, Text]] = {
    "too_long": Text("Lebih panjang daripada kotaknya di formulir.", "Longer than its cells on the form."),
    "wrong_character": Text(
        "Ada huruf atau tanda yang tidak mungkin di isian ini.", "A character that this field cannot hold."
    ),
    "not_a_choice": Text(
        "Bukan salah satu pilihan: ketik nomor atau namanya.",
        "Not one of the choices: type its number or its name.",
    ),
    "one_choice": Text("Hanya satu pilihan yang boleh.", "Only one choice is allowed."),
    "holds_ink": Text(
        "Ada tulisan di isian ini. Benar-benar kosong?", "Something is written here. Is it really empty?"
    ),
}
"""Why what a person types is not taken, or not at once."""
