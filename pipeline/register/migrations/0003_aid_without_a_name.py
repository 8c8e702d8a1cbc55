"""Aid counts where nobody can tell yet whom it was for."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Lets a distribution stand without a person."""

    dependencies = [("register", "0002_programmes")]
    operations = [
        migrations.AlterField(
            model_name="distribution",
            name="person",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="distributions",
                to="register.person",
            ),
        ),
    ]
