from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("programmes", "0005_from_centre"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="postponed_at",
            field=models.DateTimeField(null=True),
        ),
    ]
