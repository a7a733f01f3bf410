from django.db import migrations


def mark_from_centre(apps, schema_editor):
    """A programme that a site loaded before the mark was known is the centre's as well."""
    loaded = apps.get_model("delivery", "LoadedPackage").objects.values("session__programme")
    apps.get_model("programmes", "Programme").objects.filter(pk__in=loaded).update(from_centre=True)


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0011_drill"),
        ("programmes", "0005_from_centre"),
    ]

    operations = [migrations.RunPython(mark_from_centre, migrations.RunPython.noop)]
