import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('register', '0005_heard'),
    ]

    operations = [
        migrations.CreateModel(
            name='Apart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('known', models.CharField(max_length=160)),
                ('told', models.CharField(max_length=160)),
                ('question', models.JSONField()),
                ('apart', models.BooleanField()),
                ('why', models.CharField(blank=True, max_length=200)),
                ('by', models.CharField(blank=True, max_length=80)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='register.importrun')),
            ],
        ),
    ]
