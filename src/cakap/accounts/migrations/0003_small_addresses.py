from django.db import migrations


def to_small_letters(apps, schema_editor):
    """Addresses are looked up in small letters. Two accounts of one address keep it both."""
    users = apps.get_model("accounts", "User").objects
    for pk, email in users.exclude(email="").values_list("pk", "email"):
        if email != email.lower():
            users.filter(pk=pk).update(email=email.lower())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_wrong_guess")]

    operations = [migrations.RunPython(to_small_letters, migrations.RunPython.noop)]
