"""What was kept as evidence before it had a digest gets the one it would have today."""

from hashlib import sha256

from django.db import migrations


def add_digests(apps, schema_editor):
    rows = apps.get_model("delivery", "Stray").objects.filter(digest="")
    for row in rows.iterator(chunk_size=2000):
        text = f"{row.kind}\0{row.item_id}\0{row.response}"
        rows.model.objects.filter(pk=row.pk).update(digest=sha256(text.encode()).hexdigest()[:32])


class Migration(migrations.Migration):
    dependencies = [("delivery", "0005_answers_of_several_pages")]
    operations = [migrations.RunPython(add_digests, migrations.RunPython.noop)]
