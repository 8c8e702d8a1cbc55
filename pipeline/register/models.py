"""The register: households, people, programmes, and what was asked, given and explained.

Every value leads back to the sheet that it came from: `sources` holds, for each attribute, the date of the form
and the sheet. What an import changed is kept in `Change`, so that a run can be undone.
"""

from typing import ClassVar

from django.db import models

from pipeline.language import language
from pipeline.store.models import Sheet

UNREADABLE: str = "tidak_terbaca"
"""The consent of a household where something is written that nobody could read."""

WITHHELD: tuple[str, ...] = ("tidak_setuju", UNREADABLE)
"""The consents of households whose people stay out of what leaves the office."""


class Programme(models.Model):
    """A programme of social assistance, under the code that forms carry."""

    code = models.CharField(max_length=8, primary_key=True)
    name_id = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.name_en if language() == "en" else self.name_id


class Row(models.Model):
    """What all rows that come from sheets have in common.

    Attributes:
        sheet: the sheet that the row was first made from.
        slot: which of the sheet's entries made it (`1.3` is the second entry, row 3), unique in the sheet.
        facts: attributes that the register keeps without knowing them.
    """

    sheet = models.ForeignKey(Sheet, on_delete=models.PROTECT, related_name="+")
    slot = models.CharField(max_length=24)
    facts = models.JSONField(default=dict)

    class Meta:
        abstract = True


class Tracked(Row):
    """A row that several sheets speak of.

    Attributes:
        sources: attribute to `[date of the form, sheet]`; the latest form's word counts.
        voices: the sheets that speak of it, also those of whose words none counts, ascending.
    """

    sources = models.JSONField(default=dict)
    voices = models.JSONField(default=list)

    class Meta:
        abstract = True


class Household(Tracked):
    """A family with one family card."""

    kk = models.CharField(max_length=16, null=True, unique=True)
    village = models.CharField(max_length=4, blank=True, db_index=True)
    rt = models.CharField(max_length=3, blank=True)
    rw = models.CharField(max_length=3, blank=True)
    address = models.CharField(max_length=60, blank=True)
    surveyed_on = models.DateField(null=True)
    consent = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sheet", "slot"], name="one_household_a_slot")
        ]


class Person(Tracked):
    """A person, known by the NIK where there is one."""

    nik = models.CharField(max_length=16, null=True, unique=True)
    name = models.CharField(max_length=60, blank=True)
    sex = models.CharField(max_length=1, blank=True)
    birth_date = models.DateField(null=True)
    birth_place = models.CharField(max_length=60, blank=True)
    phone = models.CharField(max_length=16, blank=True)
    village = models.CharField(max_length=4, blank=True)
    relation = models.CharField(max_length=2, blank=True)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, null=True, related_name="people")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["sheet", "slot"], name="one_person_a_slot")]
        indexes: ClassVar = [models.Index(fields=["name", "birth_date", "village"], name="alike")]


class Proposal(Row):
    """A programme that a household asked for, on one form."""

    class Status(models.TextChoices):
        """What became of it."""

        PROPOSED = "proposed"
        APPROVED = "approved"
        REJECTED = "rejected"

    household = models.ForeignKey(Household, on_delete=models.PROTECT, null=True, related_name="proposals")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="proposals")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    asked_on = models.DateField(null=True)
    priority = models.CharField(max_length=8, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PROPOSED)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sheet", "slot"], name="one_proposal_a_slot")
        ]


class Distribution(Row):
    """Aid for one person on one roster: handed over, to a representative, or not.

    Attributes:
        person: who it is for; None where neither the roster nor what was written on it tells.
        status: the mark of the row, `hadir`, `wakil` or `tidak`.
        signature: `present` or `absent`.
    """

    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="distributions")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    village = models.CharField(max_length=4, blank=True)
    date = models.DateField(null=True, db_index=True)
    quantity = models.PositiveBigIntegerField(null=True)
    unit = models.CharField(max_length=12, blank=True)
    status = models.CharField(max_length=12, blank=True)
    signature = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sheet", "slot"], name="one_distribution_a_slot")
        ]


class Visit(Row):
    """An information session in a village; who came is only counted.

    Attributes:
        topic: what it was about, several joined by `|`.
        attended: how many came.
        counts: attribute to value to number: `{"sex": {"L": 8, "P": 11}}`.
    """

    date = models.DateField(null=True)
    village = models.CharField(max_length=4, blank=True)
    topic = models.CharField(max_length=120, blank=True)
    speaker = models.CharField(max_length=60, blank=True)
    attended = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["sheet", "slot"], name="one_visit_a_slot")]


class ImportRun(models.Model):
    """One import, also one that changed nothing; `undone_at` when it was taken back.

    Attributes:
        heard: the newest decision of a person that it knew of; lowered when an earlier run is undone.
    """

    month = models.CharField(max_length=7, blank=True)
    heard = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)


class Change(models.Model):
    """One row that a run made (`before` is null), changed, or took away (`after` is null)."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="changes")
    model = models.CharField(max_length=16)
    row = models.BigIntegerField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["model", "row"], name="changes_of_a_row")]


class Apart(models.Model):
    """Two that look like one were said to be two, or the word was taken back; appended, the last one counts.

    Attributes:
        known: a family card, or who a person is (see `twins.Likeness`), as it stood; `told` is the other.
        question: as it was asked.
        run: the import that took the word back, since corrected sheets made the two one; undone, it does not count.
    """

    known = models.CharField(max_length=160)
    told = models.CharField(max_length=160)
    question = models.JSONField()
    apart = models.BooleanField()
    why = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=80, blank=True)
    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="+", null=True)
    at = models.DateTimeField(auto_now_add=True)
