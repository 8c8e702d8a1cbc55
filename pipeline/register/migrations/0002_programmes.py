"""Fills in the programmes that forms name."""

from django.db import migrations

from pipeline.register.programmes import PROGRAMMES


def fill(apps, schema_editor):
    """Make the rows; an office may add its own later."""
    programme = apps.get_model("register", "Programme")
    for position, (code, name_id, name_en) in enumerate(PROGRAMMES, start=1):
        programme.objects.update_or_create(
            code=code, defaults={"name_id": name_id, "name_en": name_en, "position": position}
        )


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("register", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
