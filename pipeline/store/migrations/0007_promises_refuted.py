from django.db import migrations, models
from django.db.models import Max, Min

from pipeline.forms.layout import FieldType
from pipeline.recognition.confidence import GROUPS, group_of
from pipeline.validation.judge import EMPTY


def refuted_before(apps, schema_editor):
    """What was refuted over all lots before lets nothing more in from now on either, until it is proven anew."""
    readings = apps.get_model("store", "FieldReading").objects
    audited = readings.filter(audit=True, status="reviewed").annotate(decided=Min("decisions"))
    wrong = [row for row in audited.iterator(2000) if row.value != row.read_value]
    newest = readings.aggregate(last=Max("pk"))["last"] or 0
    for one in apps.get_model("store", "Refutation").objects.filter(batch=None):
        found = [
            row
            for row in wrong
            if (row.decided or 0) <= one.last_decision and one.group in ("", GROUPS[FieldType(row.type)])
        ]
        one.wrong = [row.pk for row in found]
        one.suspends = sorted({group_of(FieldType(row.type), row.read_value in EMPTY) for row in found})
        one.last_reading = newest
        one.save(update_fields=["wrong", "suspends", "last_reading"])


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0006_refutations_told'),
    ]

    operations = [
        migrations.AddField(
            model_name='refutation',
            name='suspends',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='refutation',
            name='wrong',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='refutation',
            name='last_reading',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.RunPython(refuted_before, migrations.RunPython.noop),
    ]
