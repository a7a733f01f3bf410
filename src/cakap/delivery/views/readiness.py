"""Before the exam: a machine of the room examines itself, and the console shows which are ready."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from cakap.accounts.access import allow, one, public
from cakap.accounts.models import Role
from cakap.delivery import readiness, time_watch
from cakap.delivery.door import Caller, door_of
from cakap.delivery.errors import BadReport, WrongPlace
from cakap.delivery.forms import SessionNumberForm
from cakap.delivery.sites.services import refuse_at_site
from cakap.delivery.token import caller_of
from cakap.delivery.words import CHECKS, READINESS, readiness_words
from cakap.programmes.models import Session


@public
def index(request: HttpRequest) -> HttpResponse:
    """Which session this machine is meant for: those of its network, or by number from the console."""
    form = SessionNumberForm(request.POST or None)
    if form.is_valid():
        return redirect("delivery:readiness", form.cleaned_data["session"])
    found = readiness.sessions_here(caller_of(request), now=time_watch.now())
    return render(request, "delivery/readiness_index.html", {"form": form, "sessions": found})


@public
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The machine's own page: it measures, tells the server, and shows what the server judged."""
    session = _session(pk, caller_of(request))
    context = {"session": session, "words": readiness_words(), "checks": CHECKS.items()}
    return render(request, "delivery/readiness.html", context)


@require_GET
@public
def clock(_request: HttpRequest) -> HttpResponse:
    """The server's time in milliseconds; how long the answer takes is the measure."""
    return JsonResponse({"now": round(time_watch.now().timestamp() * 1000)})


# No cookie speaks for the machine, and a form of another site cannot send JSON.
@csrf_exempt
@require_POST
@public
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Take what a machine measured; the answer is the judgement in words."""
    caller = caller_of(request)
    session = _session(pk, caller)
    if request.content_type != "application/json":
        raise BadReport
    told = readiness.read_report(request.body)
    row = readiness.report(session=session, told=told, caller=caller, now=time_watch.now())
    words = readiness.sentences(row.problems, row.measures)
    return JsonResponse(
        {
            "ready": not row.problems,
            "problems": dict(zip(row.problems, words, strict=True)),
            "at": f"{timezone.localtime(row.reported_at):%H.%M.%S}",
        }
    )


report.most_bytes = readiness.MOST_BYTES  # type: ignore[attr-defined]


def _session(pk: int, caller: Caller) -> Session:
    """A session that is still ahead or under way, for a machine of its room's network."""
    session = (
        Session.objects.filter(pk=pk, state__in=Session.LIVE)
        .select_related("room", "programme__initiator")
        .first()
    )
    if session is None:
        raise Http404
    if isinstance(door_of(session).refusal(caller), WrongPlace):
        raise WrongPlace
    refuse_at_site(session)
    return session


@allow(Role.PROCTOR, Role.OPERATOR)
def board(request: HttpRequest, pk: int) -> HttpResponse:
    """The room's board: green where a machine is ready. It renews itself."""
    session = one(request, Session, pk=pk)
    return render(request, "delivery/readiness_board.html", board_of(session))


@allow(Role.PROCTOR, Role.OPERATOR)
def board_part(request: HttpRequest, pk: int) -> HttpResponse:
    """The board alone."""
    session = one(request, Session, pk=pk)
    return render(request, "delivery/readiness_room.html", board_of(session))


def board_of(session: Session) -> dict[str, Any]:
    """What the board shows."""
    places = readiness.room_board(session, now=time_watch.now())
    found = Counter(place.standing for place in places)
    people = [place for place in places if place.who]
    return {
        "session": session,
        "places": [(place, READINESS[place.standing], _age(place.minutes)) for place in places],
        "counts": [(name, label, found[name]) for name, label in READINESS.items()],
        "people": len(people),
        "people_ready": sum(place.standing == readiness.READY for place in people),
    }


def _age(minutes: int | None) -> str:
    if minutes is None:
        return ""
    return _("%(n)s menit lalu") % {"n": minutes} if minutes else _("baru saja")
