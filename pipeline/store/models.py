"""What the store keeps of every scanned page: each value leads back to its ink, reader and decisions."""

from typing import ClassVar

from django.db import models


class IssuedSheet(models.Model):
    """A sheet that was printed: its serial, and for a roster whom each preprinted row is about.

    Attributes:
        fingerprint: SHA-256 of the layout it was printed with; a printed definition is frozen.
        rows: for a roster, `{"penerima": [{"row": 1, "person": 17}, …]}`; else `{}`.
    """

    serial = models.CharField(max_length=24, unique=True)
    form = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    village = models.CharField(max_length=4)
    fingerprint = models.CharField(max_length=64)
    rows = models.JSONField(default=dict)
    printed_at = models.DateTimeField(auto_now_add=True)


class Restoring(models.Model):
    """A backup was unpacked: what was printed after it was made is on paper and not known here."""

    at = models.DateTimeField(auto_now_add=True)


class Spoiling(models.Model):
    """An issued sheet was said to be spoilt, or the word was taken back; appended, the last one counts."""

    sheet = models.ForeignKey(IssuedSheet, on_delete=models.PROTECT, related_name="spoilings")
    spoilt = models.BooleanField()
    why = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField(auto_now_add=True)


class Batch(models.Model):
    """A lot of files as they were put into the scanner together."""

    name = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)


class ScanFile(models.Model):
    """One scanned file, kept unchanged in the archive under its content hash."""

    sha256 = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=255)
    suffix = models.CharField(max_length=16)
    size = models.PositiveBigIntegerField()
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="files")
    images = models.PositiveIntegerField(null=True, help_text="Number of page images, once all were read.")
    added_at = models.DateTimeField(auto_now_add=True)


class Sheet(models.Model):
    """One paper: the pages that carry one serial.

    Attributes:
        copy: 1 for the first sheet with this serial; a photocopied form filled in differently is 2.
        complete: whether every side is there, so that its rules across fields have been judged.
    """

    serial = models.CharField(max_length=24)
    copy = models.PositiveSmallIntegerField(default=1)
    form = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    complete = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """What the database itself holds true."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["serial", "copy"], name="one_sheet_a_serial_and_copy"),
        ]


class Page(models.Model):
    """One page image of a file: what it is, and whether it was read or set aside.

    Attributes:
        village: four digits, of the separator before it in its file; with it team, day and lot. "" and None
            where no separator says so.
        lot: the batch that the separator names; the file's own batch stays what it was scanned as.
    """

    file = models.ForeignKey(ScanFile, on_delete=models.PROTECT, related_name="pages")
    image = models.PositiveIntegerField(help_text="From 1, in the order of the file.")
    status = models.CharField(max_length=12)
    reason = models.CharField(max_length=40, blank=True)
    detail = models.TextField(blank=True)
    form = models.CharField(max_length=40, blank=True)
    version = models.PositiveSmallIntegerField(null=True)
    serial = models.CharField(max_length=24, blank=True, db_index=True)
    number = models.PositiveSmallIntegerField(null=True, help_text="Which side of the sheet, from 1.")
    turn = models.PositiveSmallIntegerField(default=0)
    residual_mm = models.FloatField(null=True)
    way = models.CharField(max_length=20, blank=True, help_text="Readers and capture: `both/scan`.")
    sheet = models.ForeignKey(Sheet, on_delete=models.PROTECT, related_name="pages", null=True)
    village = models.CharField(max_length=4, blank=True)
    team = models.CharField(max_length=40, blank=True)
    day = models.DateField(null=True)
    lot = models.CharField(max_length=60, blank=True)
    read_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """What the database itself holds true."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "image"], name="one_row_a_page_image"),
        ]


class FieldReading(models.Model):
    """One field of a page as it was read, and what became of it.

    `value` is what counts now: the reading's own, or the last decision's. `read_value` never changes.

    Attributes:
        audit: accepted unseen and drawn for the blind audit; a rule that speaks against it later takes it out.
        audit_share: of all accepted values, audited when this one was accepted.
        audit_chance: with which this one was drawn or not; null where it was not accepted.
    """

    class Status(models.TextChoices):
        """How a value stands."""

        ACCEPTED = "accepted"
        AUDIT = "audit", "accepted, and shown to a reviewer for the audit"
        REVIEW = "review"
        REVIEWED = "reviewed"

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="readings")
    position = models.PositiveIntegerField(help_text="Order on the page, from 0.")
    field = models.CharField(max_length=80)
    row = models.PositiveSmallIntegerField(null=True)
    type = models.CharField(max_length=12)
    value = models.TextField(null=True)
    read_value = models.TextField(null=True)
    raw = models.TextField(blank=True)
    confidence = models.FloatField()
    score = models.FloatField(default=0.0, help_text="Log odds of the reader's own probability.")
    status = models.CharField(max_length=8, choices=Status.choices)
    audit = models.BooleanField(default=False)
    audit_share = models.FloatField(null=True)
    audit_chance = models.FloatField(null=True)
    reasons = models.JSONField(default=list)
    alternatives = models.JSONField(default=list, help_text="[[value, probability], …], best first.")
    quad = models.JSONField(help_text="Corners in the page image, px, clockwise from the top left.")
    reader = models.CharField(max_length=60)
    claimed_by = models.CharField(max_length=80, blank=True)
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        """What the database itself holds true."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["page", "position"], name="one_reading_a_position"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "id"], name="review_queue"),
            models.Index(fields=["type"], name="audited", condition=models.Q(audit=True)),
        ]


class Refutation(models.Model):
    """A promise on errors that the blind audit has refuted.

    Attributes:
        group: which types of field, see `recognition.confidence.GROUPS`; "" for all together.
        batch: the lot; null where it is all lots together.
        audited: values audited when it was refuted.
        errors: of them, wrong.
        last_decision: the newest decision that was looked at; a new watch begins behind it.
        lots: the batches whose values were sent back, by key.
        suspends: calibration groups of which nothing enters unseen until proven anew, see `store.promises`.
        wrong: the readings that were found wrong, by key.
        last_reading: the newest reading when it was refuted.
        told: whether a person at this computer has been told.
    """

    group = models.CharField(max_length=12, blank=True)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True)
    audited = models.PositiveIntegerField()
    errors = models.PositiveIntegerField()
    reopened = models.PositiveIntegerField()
    last_decision = models.PositiveBigIntegerField()
    lots = models.JSONField(default=list)
    suspends = models.JSONField(default=list)
    wrong = models.JSONField(default=list)
    last_reading = models.PositiveBigIntegerField(default=0)
    told = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)


class Decision(models.Model):
    """What a person said of a reading; appended, never changed."""

    class Kind(models.TextChoices):
        """What the person did."""

        CONFIRMED = "confirmed"
        CORRECTED = "corrected"
        EMPTY = "empty"
        UNREADABLE = "unreadable"
        REOPENED = "reopened"

    reading = models.ForeignKey(FieldReading, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.TextField(null=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField(auto_now_add=True)
