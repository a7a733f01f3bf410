"""Whether the machines of a room can hold the exam: what each measured, judged by one rule, and the board.

A machine tells numbers; what they mean is decided here, so that its page and the console say the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cakap.delivery.door import Caller, door_of, workstation_at
from cakap.delivery.errors import BadReport, OtherBrowser, SeatOfOther, TooOften
from cakap.delivery.models import Readiness
from cakap.delivery.policy import policy_of
from cakap.policy.book import Policy
from cakap.programmes.models import Session
from cakap.programmes.places import is_inside

MOST_BYTES = 4096
AGAIN_AFTER = timedelta(seconds=3)
# So long a seat's number belongs to the machine that told it last, unless people say otherwise.
TAKEN_FOR = timedelta(minutes=10)
FEATURES = ("fetch", "indexeddb", "locks", "crypto", "channel")
BROWSER, CLOCK, NETWORK, LOCKED, STORAGE = "browser", "clock", "network", "seb", "storage"
CHECKS = (BROWSER, CLOCK, NETWORK, LOCKED, STORAGE)
READY, NOT_READY, OLD, UNHEARD = "ready", "not_ready", "old", "unheard"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a machine measured. clock_off: seconds its clock is ahead of the server's; round_trip in ms;
    lost: requests without an answer of `asked`; download in kbit/s; kept: written and read back;
    free: MiB left, None where the browser does not say."""

    number: int
    key: str
    missing: tuple[str, ...]
    clock_off: float
    round_trip: float
    lost: int
    asked: int
    download: float
    kept: bool
    free: float | None
    replaces: bool

    @property
    def measures(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "missing": list(self.missing), "clock_off": self.clock_off, "lost": self.lost,
            "round_trip": self.round_trip, "asked": self.asked, "download": self.download,
            "kept": self.kept, "free": self.free,
        }  # fmt: skip


def read_report(body: bytes) -> Report:
    """The report in the body of a request; BadReport for whatever is none."""
    if len(body) > MOST_BYTES:
        raise BadReport
    try:
        told = json.loads(body)
        return Report(
            number=_whole(told["number"], 1, 32767), key=_key(told["key"]),
            missing=tuple(name for name in FEATURES if name in _names(told["missing"])),
            clock_off=_number(told["clock_off"], -1e9, 1e9),
            round_trip=_number(told["round_trip"], 0, 1e6), lost=_whole(told["lost"], 0, 100),
            asked=_whole(told["asked"], 1, 100), download=_number(told["download"], 0, 1e9),
            kept=_truth(told["kept"]), replaces=_truth(told.get("replaces", False)),
            free=None if told["free"] is None else _number(told["free"], 0, 1e12),
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        raise BadReport from exc


def _whole(told: Any, least: int, most: int) -> int:
    if type(told) is not int or not least <= told <= most:
        raise ValueError(told)
    return told


def _number(told: Any, least: float, most: float) -> float:
    if type(told) not in {int, float} or not least <= told <= most:  # NaN lies between nothing
        raise ValueError(told)
    return round(float(told), 1)


def _truth(told: Any) -> bool:
    if type(told) is not bool:
        raise ValueError(told)
    return told


def _key(told: Any) -> str:
    if type(told) is not str or len(told) != 32 or not set(told) <= set("0123456789abcdef"):
        raise ValueError(told)
    return told


def _names(told: Any) -> list[str]:
    if type(told) is not list or not set(told) <= set(FEATURES):
        raise ValueError(told)
    return told


def judge(measures: Mapping[str, Any], policy: Policy, *, is_locked_out: bool) -> list[str]:
    """Codes of what is wrong with a machine. is_locked_out: the session asks for another browser."""
    wrong = {
        BROWSER: bool(measures["missing"]),
        CLOCK: abs(measures["clock_off"]) > policy["sessions.ready_clock_seconds"],
        NETWORK: measures["lost"] > 0
        or measures["round_trip"] > policy["sessions.ready_round_trip_ms"]
        or measures["download"] < policy["sessions.ready_download_kbit"],
        LOCKED: is_locked_out,
        STORAGE: not measures["kept"]
        or (
            measures["free"] is not None and measures["free"] < policy["sessions.ready_storage_mib"]
        ),
    }
    return [code for code in CHECKS if wrong[code]]


def report(*, session: Session, told: Report, caller: Caller, now: datetime) -> Readiness:
    """Keep what a machine tells of itself, over what it told before. No log entry: it decides nothing.

    At most one row a seat and one report a few seconds: however many are sent, no more is kept.
    """
    if told.number > session.room.seats:
        message = f"Ruang ini memiliki kursi 1 sampai {session.room.seats}."
        raise BadReport(message)
    policy = policy_of(session)
    locked_out = isinstance(door_of(session).refusal(caller), OtherBrowser)
    fields = {
        "key": told.key, "address": caller.address, "agent": caller.agent,
        "workstation": workstation_at(session.room.workstations, caller.address),
        "measures": told.measures, "reported_at": now,
        "problems": judge(told.measures, policy, is_locked_out=locked_out),
    }  # fmt: skip
    kept = Readiness.objects.filter(session=session, number=told.number).first()
    _refuse_hurry(kept, now)  # before the lock that answers wait for
    try:
        return _keep(session, told, fields, now)
    except IntegrityError as exc:  # another report of this seat at the same moment
        raise TooOften from exc


def _age(row: Readiness, now: datetime) -> timedelta:
    """How far a report is from now: after a clock was set back it may be of a time to come."""
    return abs(now - row.reported_at)


def _refuse_hurry(row: Readiness | None, now: datetime) -> None:
    if row is not None and _age(row, now) < AGAIN_AFTER:
        raise TooOften


@transaction.atomic
def _keep(session: Session, told: Report, fields: dict[str, Any], now: datetime) -> Readiness:
    own = Readiness.objects.select_for_update().filter(session=session, number=told.number).first()
    _refuse_hurry(own, now)
    is_others = own is not None and own.key != told.key and _age(own, now) < TAKEN_FOR
    if is_others and not told.replaces:
        raise SeatOfOther
    # A machine stands at one seat: the number it told before is free again.
    moved = Readiness.objects.filter(session=session, key=told.key).exclude(number=told.number)
    moved.delete()
    row, _is_new = Readiness.objects.update_or_create(
        session=session, number=told.number, defaults=fields
    )
    return row


def sentences(problems: Sequence[str], measures: Mapping[str, Any]) -> list[str]:
    """What is wrong in words, and who helps."""
    return [_sentence(code, measures) for code in problems]


def _sentence(code: str, measures: Mapping[str, Any]) -> str:
    if code == BROWSER:
        return _(
            "Peramban ini tidak memiliki yang diperlukan ujian (%(missing)s). Petugas teknis: "
            "perbarui peramban, atau pakailah Chromium, Firefox atau Edge yang baru."
        ) % {"missing": ", ".join(measures["missing"])}
    if code == CLOCK:
        seconds = round(measures["clock_off"])
        fast = _(
            "Jam komputer ini %(n)s detik lebih cepat dari jam server. Petugas teknis: betulkan."
        )
        slow = _(
            "Jam komputer ini %(n)s detik lebih lambat dari jam server. Petugas teknis: betulkan."
        )
        return (fast if seconds > 0 else slow) % {"n": abs(seconds)}
    if code == NETWORK:
        return _(
            "Jaringan ke server lambat atau terputus: %(lost)s dari %(asked)s permintaan tidak "
            "dijawab, bolak-balik %(trip)s milidetik, unduh %(rate)s kbit/s. Petugas jaringan: "
            "periksa kabel, sakelar dan titik akses."
        ) % {
            "lost": measures["lost"], "asked": measures["asked"],
            "trip": round(measures["round_trip"]), "rate": round(measures["download"]),
        }  # fmt: skip
    if code == LOCKED:
        return _(
            "Sesi ini memerlukan Safe Exam Browser dengan berkas konfigurasi sesi ini. Pengawas: "
            "buka halaman ini dari dalamnya."
        )
    return _storage_sentence(measures)


def _storage_sentence(measures: Mapping[str, Any]) -> str:
    if not measures["kept"]:
        return _(
            "Peramban ini tidak menyimpan apa yang ditulis halaman. Petugas teknis: tutup jendela "
            "pribadi dan izinkan penyimpanan untuk situs ini."
        )
    return _(
        "Penyimpanan peramban hampir penuh: tersisa %(n)s MiB. Petugas teknis: kosongkan ruang di cakram."
    ) % {"n": round(measures["free"])}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A seat of the room on the board. minutes: how old its report is; who: the participant, if any."""

    number: int
    standing: str
    who: str
    sentences: list[str]
    minutes: int | None
    machine: str


def room_board(session: Session, *, now: datetime) -> list[Place]:
    """Every seat of the room: whether its machine is ready, and what is wrong if not."""
    valid = timedelta(minutes=policy_of(session)["sessions.ready_minutes"])
    people = {
        seat.number: seat.participant.employee.full_name
        for seat in session.seats.select_related("participant__employee")
    }
    told = {row.number: row for row in session.readiness.all()}
    return [
        _place(number, people.get(number, ""), told.get(number), now, valid)
        for number in range(1, session.room.seats + 1)
    ]


def _place(number: int, who: str, row: Readiness | None, now: datetime, valid: timedelta) -> Place:
    if row is None:
        return Place(
            number=number, standing=UNHEARD, who=who, sentences=[], minutes=None, machine=""
        )
    return Place(
        number=number, who=who, sentences=sentences(row.problems, row.measures),
        standing=_standing(row, now, valid), machine=row.workstation or row.address,
        minutes=max(int((now - row.reported_at).total_seconds() // 60), 0),
    )  # fmt: skip


def _standing(row: Readiness, now: datetime, valid: timedelta) -> str:
    if not -AGAIN_AFTER <= now - row.reported_at <= valid:  # of a time to come, or long past
        return OLD
    return NOT_READY if row.problems else READY


def not_ready(session: Session, *, now: datetime) -> list[Place]:
    """The seats with a participant whose machine has not told that it is ready."""
    return [
        place for place in room_board(session, now=now) if place.who and place.standing != READY
    ]


def sessions_here(caller: Caller, *, now: datetime) -> list[Session]:
    """Sessions of today, not over, of rooms whose network this machine is in.

    A room that names no network is not listed to whoever asks: its machines are told the number.
    """
    near = Session.objects.filter(
        state__in=Session.LIVE, at_site__isnull=True,
        starts_at__gt=now - timedelta(hours=12), starts_at__lt=now + timedelta(hours=24),
    )  # fmt: skip
    return [
        session
        for session in near.exclude(room__networks="").select_related("room")
        if is_inside(session.room.networks, caller.address)
    ]
