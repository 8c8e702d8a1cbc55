from django.db import migrations, models


def drawn_evenly(apps, schema_editor):
    """What was audited before was drawn evenly, each value as likely as any other."""
    readings = apps.get_model("store", "FieldReading")
    readings.objects.filter(audit=True).update(audit_share=0.02, audit_chance=0.02)


RETIRED = {"hard_hand", "ambiguous_hand"}


def without_retired_reasons(apps, schema_editor):
    """What a hard hand once kept for a person is now trusted less; what waited for that alone goes on waiting."""
    readings = apps.get_model("store", "FieldReading")
    for row in readings.objects.exclude(reasons=[]).only("reasons").iterator(2000):
        if not RETIRED.isdisjoint(row.reasons):
            row.reasons = [code for code in row.reasons if code not in RETIRED] or ["low_confidence"]
            row.save(update_fields=["reasons"])


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0003_separators_and_spoilt'),
    ]

    operations = [
        migrations.AddField(
            model_name='fieldreading',
            name='audit_share',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='fieldreading',
            name='audit_chance',
            field=models.FloatField(null=True),
        ),
        migrations.RunPython(drawn_evenly, migrations.RunPython.noop),
        migrations.RunPython(without_retired_reasons, migrations.RunPython.noop),
    ]
