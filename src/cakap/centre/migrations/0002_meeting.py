import django.db.models.deletion
import numpy as np
from django.db import migrations, models
from django.db.models import Max, Min

from cakap.science.ratings.integration import integrate


def mark_meetings(apps, schema_editor):
    """What was agreed or signed before had its meeting: its ratings are submitted."""
    assignment = apps.get_model("centre", "Assignment")
    agreement = apps.get_model("centre", "Agreement")
    meeting = apps.get_model("centre", "Meeting")
    rating = apps.get_model("centre", "Rating")
    begun = agreement.objects.order_by().values("participant").annotate(at=Min("agreed_at"))
    for row in list(begun):
        meeting.objects.create(
            participant_id=row["participant"], opened_by="migration", opened_at=row["at"]
        )
        for one in assignment.objects.filter(participant=row["participant"]):
            last = rating.objects.filter(assignment=one).aggregate(at=Max("rated_at"))["at"]
            assignment.objects.filter(pk=one.pk).update(submitted_at=last or row["at"])
    for row in agreement.objects.iterator():
        seen = list(
            rating.objects.filter(
                assignment__participant=row.participant_id, competency=row.competency_id
            ).values_list("assignment_id", "level")
        )
        place = {pk: at for at, pk in enumerate(sorted({pk for pk, _ in seen}))}
        found = integrate(
            np.zeros(len(seen), dtype=np.int64),
            np.array([place[pk] for pk, _ in seen], dtype=np.int64),
            np.array([float(level) for _, level in seen]),
            n_targets=1,
        )
        agreement.objects.filter(pk=row.pk).update(
            spread=float(np.nan_to_num(found.spread[0])), ratings=len(seen)
        )


class Migration(migrations.Migration):
    dependencies = [("centre", "0001_begin"), ("programmes", "0001_begin")]

    operations = [
        migrations.AddField("assignment", "submitted_at", models.DateTimeField(null=True)),
        migrations.AddField("assignment", "withdrawn_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "assignment",
            "withdrawn_reason",
            models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "agreement", "spread", models.FloatField(default=0.0), preserve_default=False
        ),
        migrations.AddField(
            "agreement", "ratings", models.PositiveIntegerField(default=0), preserve_default=False
        ),
        migrations.CreateModel(
            name="RatingCorrection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("level", models.DecimalField(decimal_places=2, max_digits=3)),
                ("evidence", models.TextField()),
                ("reason", models.TextField()),
                ("corrected_at", models.DateTimeField()),
                (
                    "rating",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="centre.rating",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Meeting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("opened_by", models.CharField(max_length=200)),
                ("opened_at", models.DateTimeField()),
                (
                    "participant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="meeting",
                        to="programmes.participant",
                    ),
                ),
            ],
        ),
        migrations.RunPython(mark_meetings, migrations.RunPython.noop),
    ]
