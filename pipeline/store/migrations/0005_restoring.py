from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0004_audit_chance'),
    ]

    operations = [
        migrations.CreateModel(
            name='Restoring',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
