"""Keeps which sheets speak of a row, so that one that is corrected can take its word back."""

from django.db import migrations, models


def fill(apps, schema_editor):
    """What is known of older rows: the sheet that made them, and those whose words count."""
    for name in ("Household", "Person"):
        model = apps.get_model("register", name)
        part = []
        for row in model.objects.only("sheet_id", "sources").iterator(2_000):
            row.voices = sorted({row.sheet_id, *(sheet for _, sheet in row.sources.values())})
            part.append(row)
            if len(part) == 2_000:
                model.objects.bulk_update(part, ["voices"])
                part = []
        model.objects.bulk_update(part, ["voices"])


class Migration(migrations.Migration):
    """A column each for households and people, filled."""

    dependencies = [("register", "0003_aid_without_a_name")]
    operations = [
        migrations.AddField("household", "voices", models.JSONField(default=list)),
        migrations.AddField("person", "voices", models.JSONField(default=list)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
