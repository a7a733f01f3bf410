"""Scenarios: other terms, side by side, a person put elsewhere, a link that refuses."""

from __future__ import annotations

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import allow, holds, one, rows
from cakap.accounts.models import Role
from cakap.placement.comparing import differences, figures_of
from cakap.placement.forms import ScenarioForm, TryForm
from cakap.placement.models import Line, Plan
from cakap.placement.problem import Wanted
from cakap.placement.services import make_plan, make_variant
from cakap.placement.trial import if_refused, try_move
from cakap.placement.words import CRITERION, READERS
from cakap.policy.queries import policy_in_force
from cakap.registry.models import Position
from cakap.ui.pages import form_page

MOST_COMPARED = 4


@allow(Role.TALENT_MANAGER)
def scenario(request: HttpRequest, pk: int) -> HttpResponse:
    """Another plan for the same people, under terms."""
    row = one(request, Plan, pk=pk)
    policy = policy_in_force(agency=row.agency.code, on=timezone.localdate())
    form = ScenarioForm(
        request.POST or None, agency=row.agency, stages=len(policy["selection.stages"]),
        initial={"move_cost": policy["posts.plan_min_gain"]},
    )  # fmt: skip
    if form.is_valid():
        made = make_plan(
            programmes=list(row.programmes.all()), name=form.cleaned_data["name"],
            wanted=form.wanted, method=Plan.Method(form.cleaned_data["method"]), parent=row,
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        return redirect("placement:plan", made.pk)
    title, back = f"{_('Skenario lain dari')} {row.name}", reverse("placement:plan", args=[pk])
    intro = _(
        "Syarat yang kosong tidak berlaku. Bila syarat saling bertentangan, yang bertentangan disebut."
    )
    return form_page(request, form, title, back, intro=intro, submit=_("Susun skenario"))


@allow(*READERS)
def compare(request: HttpRequest) -> HttpResponse:
    """Scenarios side by side."""
    known = rows(request, Plan)
    ours = {str(pk) for pk in known.values_list("pk", flat=True)}
    wanted = [pk for pk in request.GET.getlist("plan") if pk in ours][:MOST_COMPARED]
    chosen = known.filter(pk__in=wanted).select_related("agency") if wanted else known[:2]
    pair = list(chosen)[:2]
    context = {
        "plans": known[:30],
        "figures": [figures_of(row) for row in chosen],
        "pair": pair,
        "differences": differences(*pair) if len(pair) == 2 else [],
    }
    return render(request, "placement/compare.html", context)


@allow(*READERS)
def line(request: HttpRequest, pk: int, line: int) -> HttpResponse:
    """One person of a plan: every criterion, what would change it, and what else there is."""
    row = one(request, Plan, pk=pk)
    found = get_object_or_404(
        row.lines.select_related("employee", "source__unit", "target__unit", "awaits__employee"),
        pk=line,
    )
    context = {
        "plan": row, "line": found, "moves": found.source_id != found.target_id,
        "criteria": [
            (title, found.criteria_before.get(name), found.criteria_after.get(name))
            for name, title in CRITERION.items()
        ],
        "form": TryForm(positions=_positions(row)),
        "open": row.decided_at is None,
    }  # fmt: skip
    return render(request, "placement/line.html", context)


@allow(*READERS)
def trial(request: HttpRequest, pk: int, line: int) -> HttpResponse:
    """What follows when this person is put into that post: a fragment for the page that asks."""
    row = one(request, Plan, pk=pk)
    found = get_object_or_404(row.lines.select_related("employee"), pk=line)
    form = TryForm(request.GET, positions=_positions(row))
    if not form.is_valid():
        return HttpResponse(status=400, content=str(form.errors))
    position = form.cleaned_data["position"]
    context = _around(request, row, found, position)
    context["trial"] = try_move(row, found.employee_id, position.pk)
    return render(request, "placement/trial.html", context)


def _around(request: HttpRequest, row: Plan, found: Line, position: Position) -> dict[str, object]:
    """What the fragment says beside the trial itself."""
    return {
        "plan": row, "line": found, "position": position,
        "planned": found.target_id == position.pk, "may_work": holds(request, Role.TALENT_MANAGER),
    }  # fmt: skip


@allow(*READERS)
def refusal(request: HttpRequest, pk: int, line: int) -> HttpResponse:
    """What the plan looks like when this person does not go."""
    row = one(request, Plan, pk=pk)
    moves = row.lines.exclude(source=F("target"))
    found = get_object_or_404(moves.select_related("employee", "source", "plan__agency"), pk=line)
    told = if_refused(found)
    context = _around(request, row, found, found.source)
    context |= {"falls": told.falls, "trial": told.trial}
    return render(request, "placement/refusal.html", context)


@allow(Role.TALENT_MANAGER)
@require_POST
def keep_trial(request: HttpRequest, pk: int, line: int) -> HttpResponse:
    """Save what was tried as a scenario of its own."""
    row = one(request, Plan, pk=pk)
    found = get_object_or_404(row.lines.select_related("employee"), pk=line)
    form = TryForm(request.POST, positions=_positions(row))
    if not form.is_valid():
        return HttpResponse(status=400, content=str(form.errors))
    position = form.cleaned_data["position"]
    wanted = Wanted(**row.terms).locking(found.employee_id, position.pk)
    made = make_variant(
        plan=row, wanted=wanted, name=f"{row.name}: {found.employee.name} – {position.title}"[:200],
        actor=request.user.get_username(), now=timezone.now(),
    )  # fmt: skip
    return redirect("placement:plan", made.pk)


@allow(*READERS)
def board(request: HttpRequest, pk: int) -> HttpResponse:
    """The moves as posts with their people, to be dragged."""
    row = one(request, Plan, pk=pk)
    lines = list(row.lines.select_related("employee", "target__unit", "source"))
    moved = {line.source_id for line in lines if line.source_id != line.target_id}
    moved |= {line.target_id for line in lines if line.source_id != line.target_id}
    open_ids = set(row.open_posts.values_list("position_id", flat=True))
    shown = Position.objects.filter(pk__in=moved | open_ids, agency=row.agency)
    people: dict[int, list[Line]] = {}
    for one_line in lines:
        people.setdefault(one_line.target_id, []).append(one_line)
    tiers = {line.source.tier for line in lines}
    posts = [
        {"post": post, "people": people.get(post.pk, [])}
        for post in shown.filter(tier__in=tiers).select_related("unit")
    ]
    return render(request, "placement/board.html", {"plan": row, "posts": posts})


def _positions(plan: Plan) -> object:
    """The posts that take part in a plan: those held by its people and the vacancies of their tiers."""
    lines = plan.lines.values_list("source_id", "target_id")
    ids = {post for pair in lines for post in pair}
    ids |= set(plan.open_posts.values_list("position_id", flat=True))
    return Position.objects.filter(pk__in=ids).select_related("unit").order_by("title", "code")
