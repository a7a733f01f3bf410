"""The trail of one sitting: everything that an inquiry may ask about, in the order of its arrival."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.utils import timezone
from django.utils.translation import gettext as _

from cakap.delivery.models import Attempt, Event, EvidenceDecision, Interruption, Stray

ANSWERED = frozenset({Event.Kind.ANSWER, Event.Kind.TYPED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """What happened, at which item, from which machine; client_at: what that machine's clock said."""

    at: datetime
    what: str
    client_at: datetime | None = None
    item: str = ""
    response: str = ""
    late: bool = False
    workstation: str = ""
    address: str = ""


def trail(attempt: Attempt, *, with_answers: bool) -> list[Happening]:
    """Sign-ins, items shown, answers and changes, pages left, pauses, time given, and strays.

    What was answered is for an inquiry alone: who runs the exam sees that, when and where.
    """
    found = chain(
        _devices(attempt), _events(attempt, with_answers=with_answers), _pauses(attempt), _grants(attempt),
        _strays(attempt, with_answers=with_answers),
    )  # fmt: skip
    return sorted(found, key=lambda row: row.at)


def _devices(attempt: Attempt) -> Iterator[Happening]:
    for device in attempt.devices.all():
        yield Happening(
            at=device.since, what=_("masuk"), response=device.agent,
            workstation=device.workstation, address=device.address,
        )  # fmt: skip
        if device.freed_at:
            yield Happening(
                at=device.freed_at, what=_("dilepas oleh pengawas"), response=device.freed_by,
                workstation=device.workstation, address=device.address,
            )  # fmt: skip


def _events(attempt: Attempt, *, with_answers: bool) -> Iterator[Happening]:
    names = dict(attempt.devices.values_list("key", "workstation"))
    for event in attempt.events.select_related("item__item"):
        yield Happening(
            at=event.received_at, client_at=event.client_at, what=str(event.get_kind_display()),
            item=event.item.item.code, response=_told(event, with_answers=with_answers), late=event.late,
            workstation=names.get(event.device, ""), address=event.address,
        )  # fmt: skip


def _pauses(attempt: Attempt) -> Iterator[Happening]:
    for pause in Interruption.objects.filter(session=attempt.seat.session_id):
        if pause.attempt_id in {None, attempt.pk}:
            end = f"{timezone.localtime(pause.ended_at):%H.%M.%S}" if pause.ended_at else "…"
            yield Happening(
                at=pause.started_at, what=str(pause.get_kind_display()),
                response=f"– {end}: {pause.reason} ({pause.by})",
            )  # fmt: skip


def _grants(attempt: Attempt) -> Iterator[Happening]:
    for grant in attempt.grants.all():
        yield Happening(
            at=grant.at, what=_("tambahan waktu"),
            response=f"{grant.seconds} s: {grant.reason} ({grant.by})",
        )  # fmt: skip


def _told(row: Event | Stray, *, with_answers: bool) -> str:
    return row.response if with_answers or row.kind not in ANSWERED else ""


def _evidence(stray: Stray, decision: EvidenceDecision | None) -> str:
    """What a piece of evidence is, and what was decided of it."""
    if decision is None and stray.cause == Stray.Cause.DEVICE:
        # As it was named when there was no other evidence.
        return _("dari komputer lama, tidak dihitung")
    decided = _("belum diputuskan")
    if decision:
        decided = _("diterima") if decision.accepted else _("tidak diterima")
    told = {"cause": stray.get_cause_display(), "decision": decided}
    return _("bukti, %(cause)s: %(decision)s") % told


def _strays(attempt: Attempt, *, with_answers: bool) -> Iterator[Happening]:
    names = dict(attempt.devices.values_list("key", "workstation"))
    for stray in attempt.strays.select_related("item__item", "decision"):
        decision: EvidenceDecision | None = getattr(stray, "decision", None)
        yield Happening(
            at=stray.received_at, client_at=stray.client_at,
            late=not (decision and decision.accepted), what=_evidence(stray, decision),
            item=stray.item.item.code if stray.item else "", response=_told(stray, with_answers=with_answers),
            workstation=names.get(stray.device, ""), address=stray.address,
        )  # fmt: skip
