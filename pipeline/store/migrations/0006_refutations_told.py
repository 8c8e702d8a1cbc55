from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0005_restoring'),
    ]

    operations = [
        migrations.AddField(
            model_name='refutation',
            name='lots',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='refutation',
            name='told',
            field=models.BooleanField(default=False),
        ),
    ]
