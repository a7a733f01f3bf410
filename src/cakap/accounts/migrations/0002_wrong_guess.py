from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_begin")]

    operations = [
        migrations.CreateModel(
            name="WrongGuess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=60)),
                ("scope", models.CharField(max_length=30)),
                ("who", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["source", "at"], name="wrong_guess_source"),
                    models.Index(fields=["scope", "who"], name="wrong_guess_scope"),
                    models.Index(fields=["at"], name="wrong_guess_at"),
                ],
            },
        ),
    ]
