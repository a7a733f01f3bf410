from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("programmes", "0003_ends")]

    operations = [
        migrations.AlterField(
            model_name="session",
            name="quit_code",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="session",
            name="open_code",
            field=models.CharField(blank=True, default="", max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="session",
            name="exam_keys",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="session",
            name="is_rehearsal",
            field=models.BooleanField(default=False),
        ),
    ]
