"""Sheets as they stand in the store after scanning and review, made from plain values."""

from itertools import count

from forms_under_test import catalogue

_NUMBERS = count(1)

FAMILY = {
    "desa": "2005",
    "rt": "002",
    "alamat": "JL. MELATI",
    "tanggal_pendataan": "2026-11-08",
    "nama": "SARKANI",
    "nik": "6311021610969574",
    "kk": "6311022308239183",
    "jenis_kelamin": "L",
    "tanggal_lahir": "1996-10-16",
    "nomor_hp": "081129458524",
    "bantuan_diusulkan": "PKH|RTL",
    "persetujuan": "setuju",
    ("anggota.nama", 1): "WULANDARI",
    ("anggota.nik", 1): "6311025712019314",
    ("anggota.jenis_kelamin", 1): "P",
    ("anggota.tanggal_lahir", 1): "2001-12-17",
    ("anggota.hubungan", 1): "03",
}
ALONE = {key: value for key, value in FAMILY.items() if not isinstance(key, tuple)}


def sheet(values, form="pendataan", serial=None, *, open_fields=(), complete=True, batch="builders"):
    """A stored sheet whose fields hold the values (under a name, or name and row); the others are empty."""
    from pipeline.store.models import Batch, FieldReading, Page, ScanFile, Sheet

    found = catalogue().get(form)
    number = next(_NUMBERS)
    serial = serial or f"{found.definition.code[:3]}-2005-26-{number:05d}"
    lot, _ = Batch.objects.get_or_create(name=batch)
    file = ScanFile.objects.create(sha256=f"{number:064x}", name="a.pdf", suffix=".pdf", size=1, batch=lot)
    made = Sheet.objects.create(serial=serial, form=form, version=1, complete=complete)
    told = {key if isinstance(key, tuple) else (key, None): value for key, value in values.items()}
    for layout in found.layout.pages:
        page = Page.objects.create(
            file=file, image=layout.page, status="read", form=form, version=1, serial=serial,
            number=layout.page, sheet=made,
        )  # fmt: skip
        FieldReading.objects.bulk_create(
            FieldReading(
                page=page, position=i, field=field.name, row=field.row, type=field.type.value,
                value=told.get((field.name, field.row)), read_value=told.get((field.name, field.row)),
                confidence=1.0, quad=[[0, 0]] * 4, reader="builder",
                status="review" if field.name in open_fields else "accepted",
                audit_share=0.02, audit_chance=0.02,
            )
            for i, field in enumerate(layout.fields)
        )  # fmt: skip
    return made


def correct(made, name, value, row=None, kind="corrected"):
    """What a person decided on a field of a stored sheet."""
    from pipeline.store.models import Decision, FieldReading

    reading = FieldReading.objects.get(page__sheet=made, field=name, row=row)
    Decision.objects.create(reading=reading, kind=kind, value=value, by="tester")
    reading.value, reading.status = value, "reviewed"
    reading.save()
