from django.db import migrations, models


class Migration(migrations.Migration):
    """Attempts that are there keep their order; every later one has passages in one block."""

    dependencies = [("delivery", "0008_site_decisions")]
    operations = [
        migrations.AddField(
            "attempt",
            "passages_together",
            models.BooleanField(default=False),
            preserve_default=True,
        ),
        migrations.AlterField("attempt", "passages_together", models.BooleanField(default=True)),
    ]
