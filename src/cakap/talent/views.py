from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import acting_agency, allow, holds, one
from cakap.accounts.models import Role
from cakap.policy.queries import policy_kept
from cakap.talent.boxes import PERFORMANCE, POTENTIAL, boxes, one_step
from cakap.talent.models import Placement
from cakap.talent.queries import newest_map
from cakap.talent.services import map_talent
from cakap.ui.listing import Column, Listing, show

READERS = (Role.TALENT_MANAGER, Role.DECISION_MAKER, Role.AUDITOR)
BANDS = {
    "below": "di bawah ekspektasi", "meets": "sesuai ekspektasi", "above": "di atas ekspektasi",
    "low": "rendah", "medium": "menengah", "high": "tinggi",
}  # fmt: skip
PARTS = {
    "competency": "kompetensi", "potential": "potensi",
    "qualification": "kualifikasi", "integrity": "integritas",
}  # fmt: skip


@allow(*READERS)
def map_page(request: HttpRequest) -> HttpResponse:
    """The picture: nine boxes, each one click from its people."""
    agency = acting_agency(request)
    newest = newest_map(agency)
    may_map = holds(request, Role.TALENT_MANAGER)
    if newest is None:
        return render(request, "talent/map.html", {"map": None, "may_map": may_map})
    policy = policy_kept(newest.policy_digest)
    by = boxes(policy)
    counts: dict[int, int] = {}
    for box in newest.placements.values_list("box", flat=True):
        counts[box] = counts.get(box, 0) + 1
    upright = policy["talent.axes"] == "performance"
    down, across = (PERFORMANCE, POTENTIAL) if upright else (POTENTIAL, PERFORMANCE)
    grid = [
        (
            BANDS[high],
            [by[high, low] if upright else by[low, high] for low in across],
        )
        for high in reversed(down)
    ]
    context = {
        "map": newest,
        "grid": [(name, [(box, counts.get(box.number, 0)) for box in row]) for name, row in grid],
        "across": [BANDS[name] for name in across],
        "axes": (_("Kinerja"), _("Potensial")) if upright else (_("Potensial"), _("Kinerja")),
        "succession": policy["talent.succession_boxes"],
        "barred": newest.placements.exclude(barred="").count(),
        "may_map": may_map,
    }
    return render(request, "talent/map.html", context)


@allow(Role.TALENT_MANAGER)
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Make a new map as things stand."""
    map_talent(agency=acting_agency(request), actor=request.user.get_username(), now=timezone.now())
    return redirect("talent:map")


@allow(*READERS)
def box(request: HttpRequest, number: int) -> HttpResponse:
    """The people of a box."""
    newest = newest_map(acting_agency(request))
    if newest is None or not 1 <= number <= 9:
        raise Http404
    found = next(b for b in boxes(policy_kept(newest.policy_digest)).values() if b.number == number)
    listing = Listing(
        title=f"{_('Kotak')} {number}",
        name=f"kotak-{number}",
        intro=_("Kinerja %(performance)s, potensial %(potential)s. %(advice)s")
        % {
            "performance": BANDS[found.performance],
            "potential": BANDS[found.potential],
            "advice": found.advice,
        },
        columns=(
            Column(title="NIP", value=lambda row: row.employee.nip),
            Column(
                title=_("Nama"), value=lambda row: row.employee.full_name,
                link=lambda row: reverse("talent:person", args=[row.pk]),
            ),
            Column(title=_("Kinerja"), value=lambda row: round(row.performance, 1), number=True),
            Column(title=_("Potensial"), value=lambda row: round(row.potential, 1), number=True),
            Column(title=_("Catatan"), value=lambda row: row.barred),
        ),
        empty=_("Tidak ada orang di kotak ini."),
    )  # fmt: skip
    return show(request, listing, newest.placements.filter(box=number).select_related("employee"))


@allow(*READERS)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """What a person's box is made of, and how firmly it stands."""
    row = one(request, Placement, pk=pk)
    policy = policy_kept(row.map.policy_digest)
    weights = policy["talent.potential_weights"]
    context = {
        "row": row,
        "parts": [(PARTS[name], row.parts[name], weights[name]) for name in PARTS],
        "predicates": row.parts["predicates"],
        "steps": one_step(row.parts["predicates"], row.potential, policy),
    }
    return render(request, "talent/person.html", context)
