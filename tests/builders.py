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
OTHERS = {
    **FAMILY,
    "tanggal_pendataan": "2026-12-08",
    "nama": "HASAN",
    "nik": "6311020505809001",
    "kk": "6311022308239999",
    "tanggal_lahir": "1980-05-05",
    ("anggota.nama", 1): None,
    ("anggota.nik", 1): None,
}
ROSTER = {
    "desa": "2005",
    "tanggal_penyaluran": "2026-11-20",
    "program": "PKH",
    "satuan": "rupiah",
    ("penerima.status", 1): "hadir",
    ("penerima.jumlah", 1): "300000",
    ("penerima.tanda_tangan", 1): "present",
    ("penerima.status", 2): "tidak",
    ("tambahan.nama", 1): "JUMRI",
    ("tambahan.nik", 1): "6311020101809001",
    ("tambahan.status", 1): "wakil",
    ("tambahan.jumlah", 1): "300000",
    ("tambahan.tanda_tangan", 1): "present",
}


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


def imported(month=None, forms=None, **how):
    """What an import of a month, or of all, reports."""
    from pipeline.register.importing import import_month

    return import_month(forms or catalogue(), month, **how)


def everything():
    """The whole register, comparable."""
    from pipeline.register.changes import ENTITIES, state

    return {
        name: sorted((state(row) for row in model.objects.all()), key=lambda one: one["id"])
        for name, model in ENTITIES.items()
    }


def people():
    """Name, NIK and family card of everybody."""
    from pipeline.register.models import Person

    rows = Person.objects.order_by("nik", "pk").select_related("household")
    return [(row.name, row.nik, row.household and row.household.kk) for row in rows]
