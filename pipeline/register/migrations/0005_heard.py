from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('register', '0004_voices'),
    ]

    operations = [
        migrations.AddField(
            model_name='importrun',
            name='heard',
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]
