"""Words for what pages of placement show."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cakap.accounts.models import Role
from cakap.placement.models import Plan
from cakap.registry.models import Employee, Position

READERS = (Role.TALENT_MANAGER, Role.DECISION_MAKER, Role.AUDITOR)
CRITERION = {
    "match": gettext_lazy("Job Person Match"),
    "probability": gettext_lazy("Peluang mencapai kategori"),
    "box": gettext_lazy("Kotak talenta terhadap tingginya jabatan"),
    "experience": gettext_lazy("Pengalaman pada perangkat daerah itu"),
    "qualification": gettext_lazy("Kualifikasi pendidikan"),
    "interests": gettext_lazy("Minat kerja menurut tes (RIASEC)"),
    "preference": gettext_lazy("Minat jabatan yang dinyatakan"),
    "location": gettext_lazy("Tempat yang sama dengan sekarang"),
}
NUMBERS = {
    "move_cost": gettext_lazy("Biaya tiap perpindahan: %(n)s persen kecocokan"),
    "min_gain": gettext_lazy("Kenaikan paling sedikit tiap perpindahan: %(n)s persen"),
    "max_moves": gettext_lazy("Paling banyak %(n)s perpindahan"),
    "stage": gettext_lazy("Hanya tahap %(n)s"),
}
PAIRS = {
    "locks": gettext_lazy("%(one)s pada %(other)s"),
    "forbidden": gettext_lazy("%(one)s tidak pada %(other)s"),
    "couples": gettext_lazy("%(one)s dan %(other)s di tempat yang sama"),
    "conflicts": gettext_lazy("%(one)s dan %(other)s tidak dalam satu unit"),
}


def terms_in_words(plan: Plan) -> list[str]:
    """The terms of a plan as sentences, people and posts by name."""
    return list(_sentences(plan.terms))


def _sentences(told: dict[str, object]) -> Iterator[str]:
    yield from (words % {"n": told[key]} for key, words in NUMBERS.items() if key in told)
    people, posts = _names(told)
    names = {"locks": (people, posts), "forbidden": (people, posts)}
    for key, words in PAIRS.items():
        first, second = names.get(key, (people, people))
        for one, other in _pairs(told, key):
            yield words % {"one": first[one], "other": second[other]}
    for position in _ids(told, "must_fill"):
        yield _("%(post)s harus terisi") % {"post": posts[position]}
    leaving = told.get("max_leaving", {})
    for unit, n in leaving.items() if isinstance(leaving, dict) else ():
        yield _("Paling banyak %(n)s orang keluar dari %(unit)s") % {"n": n, "unit": unit}


def _names(told: dict[str, object]) -> tuple[dict[int, str], dict[int, str]]:
    tied = [one for key in ("couples", "conflicts") for pair in _pairs(told, key) for one in pair]
    placed = [*_pairs(told, "locks"), *_pairs(told, "forbidden")]
    people = Employee.objects.filter(pk__in=[*tied, *(one for one, _post in placed)])
    posts = Position.objects.filter(
        pk__in=[*_ids(told, "must_fill"), *(post for _one, post in placed)]
    )
    return (
        {row.pk: row.full_name for row in people},
        {row.pk: f"{row.title} ({row.code})" for row in posts},
    )


def _pairs(told: dict[str, object], key: str) -> list[tuple[int, int]]:
    found = told.get(key, [])
    return [(one, other) for one, other in found] if isinstance(found, list) else []


def _ids(told: dict[str, object], key: str) -> list[int]:
    found = told.get(key, [])
    return list(found) if isinstance(found, list) else []
