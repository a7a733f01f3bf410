"""The minutes of a session (berita acara): what was counted, what happened, who signs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.utils import formats, timezone

from cakap.audit.chain import digest
from cakap.delivery.late_marks import late_marks
from cakap.delivery.models import (
    Attempt,
    CheckIn,
    Drill,
    Event,
    Grant,
    Interruption,
    Stray,
)
from cakap.delivery.outages import Outage, outages
from cakap.delivery.queries import ended_attempts
from cakap.delivery.words import DRILL_CHECKS
from cakap.programmes.models import Seat, Session
from cakap.ui.pdf import document

SOURCE = Path(__file__).parent / "documents" / "minutes.typ"


def minutes(session: Session, *, now: datetime) -> bytes:
    """The minutes as a PDF; its code is made from the answers of the session as they stand."""
    start = timezone.localtime(session.starts_at)
    return document(
        SOURCE,
        {
            "title": ("LATIHAN – " if session.is_rehearsal else "")
            + "Berita Acara Pelaksanaan Ujian",
            "programme": session.programme.name,
            "organiser": session.programme.organiser.name,
            "day": formats.date_format(start, "l, j F Y"),
            "time": f"{start:%H.%M}–{timezone.localtime(session.ends_at):%H.%M}",
            "working_time": _working_time(session),
            "room": ", ".join(one for one in (session.room.name, session.room.location) if one),
            "form": session.form.name,
            "state": str(session.get_state_display()).lower(),
            "counts": _counts(session, now),
            "interruptions": [
                *(_interruption(row) for row in session.interruptions.all()),
                *(_grant(row) for row in _grants(session)),
                *(_accommodation(row) for row in _accommodations(session)),
                *(_outage(row) for row in reversed(outages(session, now=now)) if row.until),
            ],
            "incidents": _incidents(session),
            "drills": [_drill(row) for row in session.drills.filter(ended_at__isnull=False)],
            "by_hand": [
                {
                    "seat": row.seat.number, "reason": row.reason, "by": row.by,
                    "second": row.second,
                }
                for row in CheckIn.objects.filter(seat__session=session, identity="manual")
                .select_related("seat").order_by("seat__number")
            ],
            "code": code(session),
            "footer": session.programme.code,
        },
        made_at=now,
    )  # fmt: skip


def _counts(session: Session, now: datetime) -> list[list[Any]]:
    attempts = Attempt.objects.filter(seat__session=session)
    events = Event.objects.filter(attempt__seat__session=session)
    answers = events.filter(kind=Event.Kind.ANSWER)
    strays = Stray.objects.filter(attempt__seat__session=session)
    ended = "Berakhir (latihan, tidak dinilai)" if session.is_rehearsal else "Berakhir (dinilai)"
    return [
        ["Terdaftar pada sesi ini", session.seats.count()],
        ["Terdaftar di meja", CheckIn.objects.filter(seat__session=session).count()],
        ["Masuk", attempts.count()],
        ["Tidak hadir", session.seats.filter(attempt__isnull=True).count()],
        ["Mulai mengerjakan", attempts.filter(begun_at__isnull=False).count()],
        [ended, ended_attempts(session, now=now).count()],
        [
            "di antaranya menekan selesai",
            ended_attempts(session, now=now).filter(submitted_at__isnull=False).count(),
        ],
        ["Catatan jawaban tersimpan", answers.count()],
        ["di antaranya tiba sesudah waktunya (tidak dihitung)", _late(session, answers)],
        [
            "Jawaban yang disisihkan sebagai bukti (tidak dihitung)",
            strays.filter(kind=Event.Kind.ANSWER).exclude(decision__accepted=True).count(),
        ],
        ["Halaman ujian ditinggalkan (kali)", events.filter(kind="focus", response="lost").count()],
    ]


def _late(session: Session, answers: QuerySet[Event]) -> int:
    """How many answers are late, as decisions about late marks have it; without one the database counts."""
    if not session.late_corrections.exists():
        return answers.filter(late=True).count()
    rows = list(answers.values_list("attempt", "received_at", "late"))
    marks = late_marks({attempt for attempt, _at, _late in rows})
    return sum(marks.is_late(attempt, at, late=late) for attempt, at, late in rows)


def _working_time(session: Session) -> str:
    """From when people really worked, and when the session was closed."""
    begun = Attempt.objects.filter(seat__session=session).aggregate(first=Min("begun_at"))["first"]
    words = f"Peserta pertama mulai mengerjakan pukul {_clock(begun)}." if begun else ""
    return (
        f"{words} Sesi ditutup pukul {_clock(session.closed_at)}." if session.closed_at else words
    )


def _grants(session: Session) -> QuerySet[Grant]:
    return (
        Grant.objects.filter(attempt__seat__session=session)
        .select_related("attempt__seat")
        .order_by("at", "attempt__seat__number")
    )


def _grant(row: Grant) -> dict[str, str]:
    """Time that was given to one person on top."""
    return {
        "kind": "tambahan waktu", "seat": str(row.attempt.seat.number), "from": _clock(row.at),
        "to": f"+{row.seconds} detik", "reason": row.reason, "by": row.by,
    }  # fmt: skip


def _accommodations(session: Session) -> QuerySet[Seat]:
    rows = session.seats.filter(participant__accommodation__isnull=False)
    return rows.select_related("participant__accommodation").order_by("number")


def _accommodation(seat: Seat) -> dict[str, str]:
    """What a participant was given because of a disability, before the session or in the middle of it."""
    own = seat.participant.accommodation
    given = [
        f"+{own.extra_percent} % waktu" if own.extra_percent else "",
        "huruf lebih besar" if own.larger_type else "", "pembaca soal" if own.reader else "",
    ]  # fmt: skip
    return {
        "kind": "penyesuaian", "seat": str(seat.number), "from": "–",
        "to": ", ".join(filter(None, given)) or "–", "reason": own.reason, "by": "–",
    }  # fmt: skip


def _incidents(session: Session) -> list[dict[str, str]]:
    """What happened and what was announced, in its order."""
    happened = [
        (row.at, str(row.seat.number) if row.seat else "–", row.text, row.by)
        for row in session.incidents.select_related("seat")
    ]
    said = [
        (row.at, "semua", f"Pengumuman: {row.text}", row.by) for row in session.announcements.all()
    ]
    return [
        {"at": _clock(at), "seat": seat, "text": text, "by": by}
        for at, seat, text, by in sorted([*happened, *said])
    ]


def _interruption(row: Interruption) -> dict[str, str]:
    return {
        "kind": str(row.get_kind_display()),
        "seat": str(row.attempt.seat.number) if row.attempt else "semua",
        "from": _clock(row.started_at),
        "to": _clock(row.ended_at) if row.ended_at else "belum berakhir",
        "reason": row.reason,
        "by": row.by,
    }


def _drill(row: Drill) -> dict[str, Any]:
    """What a rehearsed disturbance came to."""
    return {
        "kind": str(row.get_kind_display()), "by": row.by, "ended_by": row.ended_by,
        "from": _clock(row.begun_at), "to": _clock(row.ended_at) if row.ended_at else "",
        "lines": [
            [str(DRILL_CHECKS[code]), limit, found or "–", "tepat waktu" if passed else "tidak terpenuhi"]
            for code, passed, limit, found in row.outcome
        ],
    }  # fmt: skip


def _outage(row: Outage) -> dict[str, str]:
    """What the log itself shows of a cut, whether or not anybody gave its time back."""
    return {
        "kind": "terputus", "seat": "semua", "from": _clock(row.since),
        "to": _clock(row.until) if row.until else "belum berakhir",
        "reason": "Tidak satu pun komputer ruang ini terdengar.", "by": "sistem",
    }  # fmt: skip


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H.%M.%S}"


def code(session: Session) -> str:
    """Of every answer that the session's log holds: the same log, the same code, here and at a site.

    By seats, not in the order of signing in, which the centre does not have.
    """
    rows = (
        Event.objects.filter(attempt__seat__session=session)
        .values_list("attempt__seat__number")
        .annotate(events=Count("pk"))
        .order_by("attempt__seat__number")
    )
    last = Event.objects.filter(attempt__seat__session=session).order_by("attempt__seat", "seq")
    lines = last.values_list("attempt__seat__number", "seq", "kind", "item", "response", "late")
    return digest([list(rows), [list(line) for line in lines.iterator(chunk_size=20000)]])[
        :16
    ].upper()
