"""The register against a model: whatever was corrected, imported in parts or undone, it is what the sheets now say."""

import random

import pytest
from builders import correct, sheet
from test_import import everything, rolled_back, run

pytestmark = pytest.mark.usefixtures("store")

MONTHS = ["2026-10", "2026-11", "2026-12"]
CARDS = ["6311022308239183", "6311022308239184", None]
PEOPLE = {
    "6311021610969571": ("BUDI", "L", "1996-10-16"),
    "6311025610969572": ("SITI", "P", "1996-10-16"),
    "6311021610969573": ("JUMRI", "L", "1996-10-16"),
    None: ("AMAT", "L", None),
}
"""By NIK, so that no two forms disagree about who somebody is: there the first form's word holds."""

HEAD = ("nik", "nama", "jenis_kelamin", "tanggal_lahir")
MEMBER = tuple((f"anggota.{name}", 1) for name in HEAD)


def family(draw):
    def person(names, chance):
        nik = draw.choice(list(PEOPLE))
        told = (nik, *PEOPLE[nik]) if draw.random() < chance else (None,) * len(names)
        return dict(zip(names, told, strict=True))

    return {
        "desa": draw.choice(["2005", "2006"]),
        "alamat": draw.choice(["JL. MELATI", "JL. MAWAR", None]),
        "tanggal_pendataan": f"{draw.choice(MONTHS)}-{draw.randint(1, 28):02d}",
        "kk": draw.choice(CARDS),
        "nomor_hp": draw.choice(["081129458524", "081200000000", None]),
        "persetujuan": draw.choice(["setuju", "tidak_setuju", None]),
        "bantuan_diusulkan": draw.choice(["PKH", "PKH|RTL", None]),
        **person(HEAD, 0.9),
        **person(MEMBER, 0.6),
    }


def roster(draw):
    found = {"desa": "2005", "program": "PKH", "satuan": "rupiah"}
    found["tanggal_penyaluran"] = f"{draw.choice(MONTHS)}-{draw.randint(1, 28):02d}"
    for row in (1, 2):
        nik, there = draw.choice(list(PEOPLE)), draw.random() < 0.7
        found |= {
            ("tambahan.nik", row): nik if there else None,
            ("tambahan.nama", row): PEOPLE[nik][0] if there else None,
            ("tambahan.status", row): draw.choice(["hadir", "wakil", None]) if there else None,
            ("tambahan.jumlah", row): draw.choice(["100", "200"]) if there else None,
        }
    return found


DRAWN = {"pendataan": family, "penyaluran": roster}


class Office:
    """Sheets that are scanned, corrected, imported by month and undone as they come."""

    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.forms = [self.draw.choice(["pendataan", "pendataan", "penyaluran"]) for _ in range(4)]
        self.final = [DRAWN[form](self.draw) for form in self.forms]
        self.now = [self.misread(number) for number in range(len(self.forms))]
        self.made = []

    def misread(self, number):
        other, said = DRAWN[self.forms[number]](self.draw), dict(self.final[number])
        for name in self.draw.sample(list(said), self.draw.randint(0, 5)):
            said[name] = other[name]
        return said

    def correct(self, number, values):
        for name, value in values.items():
            if self.now[number][name] != value:
                field, row = name if isinstance(name, tuple) else (name, None)
                correct(self.made[number], field, value, row=row)
        self.now[number] = values

    def lives(self):
        """Some weeks; the runs that changed something, with the register before each."""
        for _ in range(self.draw.randint(2, 4)):
            if len(self.made) < len(self.forms):
                number = len(self.made)
                self.made.append(sheet(self.now[number], self.forms[number]))
            self.correct(number := self.draw.randrange(len(self.made)), self.misread(number))
            yield from self.imports(self.draw.choice([None, *MONTHS]))
        for number in range(len(self.made), len(self.forms)):
            self.made.append(sheet(self.now[number], self.forms[number]))
        for number, values in enumerate(self.final):
            self.correct(number, values)
        for month in self.draw.choice([[None], self.draw.sample(MONTHS, 3)]):
            yield from self.imports(month)

    def imports(self, month):
        before = everything()
        report = run(month)
        after = everything()
        assert run(month).changed == 0
        assert everything() == after
        if report.run:
            yield report.run, before
        else:
            assert after == before


@pytest.mark.parametrize("seed", range(12))
def test_the_register_is_what_its_sheets_now_say(seed):
    from pipeline.register.changes import undo

    office = Office(seed)
    with rolled_back():
        runs = list(office.lives())
        lived = facts(office.made)
        assert run(None).changed == 0
        for number, before in reversed(runs):
            undo(number)
            assert everything() == before
    with rolled_back():
        made = [sheet(values, form) for values, form in zip(office.final, office.forms, strict=True)]
        run(None)
        assert lived == facts(made)


def facts(made):
    """The register without its keys: sheets by their number in the office."""
    at = {one.pk: number for number, one in enumerate(made)}
    rows = everything()

    def plain(row, *left_out, **told):
        kept = {
            name: value
            for name, value in row.items()
            if name not in ("id", "sheet_id", "slot", "sources", *left_out)
        }
        return str(kept | {"voices": [at[one] for one in row.get("voices", ())]} | told)

    households = {one["id"]: plain(one) for one in rows["household"]}
    # How somebody is related to the head of each household only the newest of several forms tells.
    people = {
        one["id"]: plain(one, "household_id", "relation", household=households.get(one["household_id"]))
        for one in rows["person"]
    }
    about = [
        plain(
            one, "household_id", "person_id", sheet=at[one["sheet_id"]], person=people.get(one["person_id"])
        )
        for name in ("proposal", "distribution")
        for one in rows[name]
    ]
    return sorted(households.values()), sorted(people.values()), sorted(about)
