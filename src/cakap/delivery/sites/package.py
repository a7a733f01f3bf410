"""A session for a site: everything that the room needs, and no key: sealed, signed, taken beforehand.

Rows keep their numbers, so what comes back speaks of the same seats and items.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.core import serializers
from django.core.serializers.base import DeserializationError
from django.db import IntegrityError, models, transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from cakap.accounts.models import Agency
from cakap.audit.chain import digest
from cakap.audit.services import record
from cakap.delivery.control import reckon
from cakap.delivery.models import Attempt, Interruption, LoadedPackage, Site, SitePackage
from cakap.delivery.sites.decided import free_number
from cakap.delivery.sites.envelope import PACKAGE_BOUNDS, opened, sealed, signed, unsealed
from cakap.delivery.sites.errors import BadEnvelope, NotForSites, NotSigned, OlderPackage
from cakap.delivery.sites.identity import Card, identity
from cakap.delivery.sites.log import SESSION, events_after, standing_rows
from cakap.delivery.sites.receiving import newest_taken_back, take_events, take_standing
from cakap.itembank.content import FILE
from cakap.itembank.models import (
    Asset,
    Form,
    FormItem,
    Item,
    ItemKey,
    ItemParameters,
    ItemVersion,
    Section,
    Stimulus,
)
from cakap.itembank.services import freeze_form
from cakap.policy.models import Snapshot
from cakap.programmes.models import (
    Accommodation,
    Participant,
    Programme,
    Room,
    Seat,
    Session,
)
from cakap.programmes.services import freeze_policy, refuse_unreviewed_session
from cakap.registry.models import Employee, Portrait

# What a package may hold, in the order in which it is taken in. Keys and parameters are not in it.
MODELS: tuple[type[models.Model], ...] = (
    Agency, Employee, Portrait, Snapshot, Programme, Participant, Accommodation, Room, Asset,
    Stimulus, Item, ItemVersion, Form, Section, FormItem, Session, Seat,
)  # fmt: skip
ASSET_NAMED = re.compile(FILE + "([0-9a-f]{64})")
NEVER = (ItemKey, ItemParameters)


@transaction.atomic
def pack(*, session: Session, site: Site, by: str, now: datetime) -> bytes:
    """The session's package for a site. From here on the session is held there, not here.

    Packed again for the same site it is the next edition: what has changed here since then travels.
    """
    if session.form.sections.filter(adaptive_items__isnull=False).exists():
        message = (
            "Formulir dengan bagian adaptif memerlukan kunci di tempat; situs tidak memegangnya."
        )
        raise NotForSites(message)
    held = SitePackage.objects.filter(session=session).select_related("site").first()
    if held and held.site_id != site.pk:
        message = (
            f"Sesi ini dibawa ke situs {held.site}. Tarik dahulu paket itu (Situs ujian), lalu buat "
            "lagi untuk situs ini."
        )
        raise NotForSites(message)
    if Attempt.objects.filter(seat__session=session, uploads=False).exists():
        message = "Sesi ini sudah dikerjakan di sini."
        raise NotForSites(message)
    refuse_unreviewed_session(session)
    freeze_policy(programme=session.programme, now=now)
    freeze_form(form=session.form, now=now)
    edition = _edition_after(session)
    content = {
        "rows": _rows_of(session), "session": session.pk, "edition": edition,
        "made_at": now.isoformat(), "log": _log_of(session), "taken_back": newest_taken_back(session),
    }  # fmt: skip
    package = _signed(content)
    SitePackage.objects.update_or_create(
        session=session,
        defaults={
            "site": site, "made_at": now, "made_by": by, "edition": edition,
            "contents": contents_of(session),
        },
    )  # fmt: skip
    record(
        actor=by, action="site.pack", subject=f"sesi {session.pk}",
        agency=session.programme.organiser.code, now=now,
        detail={"site": site.name, "edition": edition},
    )  # fmt: skip
    return sealed(package, Card.read(site.card))


def _signed(content: Any) -> bytes:
    """Raises NotForSites for a package that no site would take: then the session stays here."""
    try:
        return signed(content, identity(), bounds=PACKAGE_BOUNDS)
    except BadEnvelope as exc:
        message = (
            f"Paket sesi ini terlalu besar untuk dibawa: paling banyak {PACKAGE_BOUNDS.unpacked // 2**20} "
            "MiB dengan semua gambar dan fotonya. Pecahlah sesi ini, atau perkecil gambarnya."
        )
        raise NotForSites(message) from exc


def _rows_of(session: Session) -> list[Any]:
    """All that the package holds, in the order in which it is taken in; of pictures those that are shown."""
    rows = [row for query in _queries(session) for row in _plain(query)]
    told: list[Any] = json.loads(serializers.serialize("json", rows))
    named = set(ASSET_NAMED.findall(json.dumps(told)))
    agencies = {row["pk"] for row in told if row["model"] == Agency._meta.label_lower}
    assets = Asset.objects.filter(agency__in=agencies, digest__in=named)
    place = next(at for at, row in enumerate(told) if row["model"] == Room._meta.label_lower) + 1
    told[place:place] = json.loads(serializers.serialize("json", assets))
    return told


def _edition_after(session: Session) -> int:
    """The number of the next package of a session, whatever site the earlier ones were for."""
    held = SitePackage.objects.filter(session=session).values_list("edition", flat=True)
    withdrawn = session.withdrawn_packages.values_list("edition", flat=True)
    return max([*held, *withdrawn], default=0) + 1


def _log_of(session: Session) -> dict[str, Any]:
    """What had been heard from an earlier site, for the one that takes its place; else nothing."""
    begun = Attempt.objects.filter(seat__session=session)
    if not session.withdrawn_packages.exists() or not begun.exists():
        return {}
    return {"head": standing_rows(session), "parts": list(events_after(session, {}))}


# What people may change at the centre after packing, by the word that is shown for it.
CHANGEABLE: dict[str, Callable[[Session], Iterable[models.Model]]] = {
    "peserta": lambda session: Employee.objects.filter(participations__seats__session=session),
    # Who sits in it; where is decided at the site. Packages were made in which "kursi" was the numbers
    # too: under another word the two are not compared.
    "penghuni kursi": lambda session: [
        Seat(pk=row.pk, session=session, participant_id=row.participant_id, number=0)
        for row in Seat.every.filter(session=session)
    ],
    "penyesuaian": lambda session: Accommodation.objects.filter(
        participant__seats__session=session
    ),
    "ruang": lambda session: [session.room],
    "foto": lambda session: Portrait.objects.filter(
        employee__participations__seats__session=session
    ),
}  # fmt: skip


def contents_of(session: Session) -> dict[str, str]:
    """Kind -> digest of what is packed of it now."""
    found = {}
    for kind, query in CHANGEABLE.items():
        rows = sorted(query(session), key=lambda row: row.pk)
        found[kind] = digest(json.loads(serializers.serialize("json", list(_plain(rows)))))
    return found


def changed_since_packing(package: SitePackage) -> list[str]:
    """Kinds of what has been changed here and is not in the package; before 0.2 nothing was noted."""
    now = contents_of(package.session)
    return [
        gettext(kind) for kind in CHANGEABLE if package.contents.get(kind, now[kind]) != now[kind]
    ]


def _queries(session: Session) -> Iterator[Iterable[models.Model]]:
    seats = Seat.every.filter(session=session)
    people = Employee.objects.filter(participations__seats__in=seats).distinct()
    versions = ItemVersion.objects.filter(
        pk__in=FormItem.objects.filter(section__form=session.form).values("version")
    )
    agencies = {
        session.programme.initiator_id, session.programme.organiser_id, session.form.agency_id,
        session.room.agency_id, *versions.values_list("item__agency", flat=True),
    }  # fmt: skip
    yield Agency.objects.filter(pk__in=agencies)
    yield people
    yield Portrait.objects.filter(employee__in=people)
    yield Snapshot.objects.filter(digest=session.programme.policy_digest)
    yield [session.programme]
    yield Participant.objects.filter(seats__in=seats).distinct()
    yield Accommodation.objects.filter(participant__seats__in=seats).distinct()
    yield [session.room]
    yield Stimulus.objects.filter(versions__in=versions).distinct()
    yield Item.objects.filter(versions__in=versions).distinct()
    yield versions
    yield [session.form]
    yield session.form.sections.all()
    yield FormItem.objects.filter(section__form=session.form)
    yield [session]
    yield seats


def _plain(query: Iterable[models.Model]) -> Iterator[models.Model]:
    for row in query:
        if isinstance(row, Employee):
            row.user = None  # accounts are each installation's own
        yield row


@transaction.atomic
def take_in(content: bytes, *, centre: str, now: datetime) -> Session:
    """At the site: a package of the centre with this card. All of it or nothing; twice is no news.

    A later edition brings what was changed at the centre; what was decided here stays as it is.
    """
    _card, told = opened(
        unsealed(content, identity()), check=_only(Card.read(centre)), bounds=PACKAGE_BOUNDS
    )
    try:
        session = _take_rows(told, now)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise BadEnvelope from exc
    except (DeserializationError, IntegrityError) as exc:
        raise BadEnvelope from exc
    record(
        actor="situs", action="site.take_in", subject=f"sesi {session.pk}", now=now,
        detail={"edition": told.get("edition", 0)},
    )  # fmt: skip
    return session


def _take_rows(told: dict[str, Any], now: datetime) -> Session:
    pk, edition = int(told["session"]), int(told.get("edition", 0))
    loaded = LoadedPackage.objects.filter(session=pk).first()
    if loaded and edition < loaded.edition:
        message = (
            f"Paket ini adalah muatan ke-{edition}; di situs ini sudah dimuat yang ke-"
            f"{loaded.edition}. Mintalah paket terbaru dari pusat."
        )
        raise OlderPackage(message)
    rows = list(serializers.deserialize("json", json.dumps(told["rows"])))
    if any(type(row.object) not in MODELS for row in rows):
        raise BadEnvelope
    _drop_seats(pk, {row.object.pk for row in rows if isinstance(row.object, Seat)})
    # A person with a new seat has left the old one first.
    rows.sort(key=lambda row: isinstance(row.object, Seat) and row.object.removed_at is None)
    # What was decided here stays, unless the session was taken back since it was loaded here.
    keeps_decisions = loaded is None or loaded.edition > int(told.get("taken_back", 0))
    for row in rows:
        _keep(row, keeps_decisions=keeps_decisions)
    session: Session = Session.objects.get(pk=pk)
    log = told.get("log") or {}
    if log and not Attempt.objects.filter(seat__session=session).exists():
        _go_on_from(session, log, now)
    made_at = parse_datetime(told["made_at"]) if "made_at" in told else None
    LoadedPackage.objects.update_or_create(
        session=session, defaults={"edition": edition, "made_at": made_at, "loaded_at": now}
    )
    reckon(session)
    return session


def _drop_seats(session: int, kept: set[int]) -> None:
    """Seats that the centre has taken back, unless somebody sat there or was at the desk."""
    gone = Seat.every.filter(session=session).exclude(pk__in=kept)
    gone.filter(attempt__isnull=True, checkin__isnull=True, incidents__isnull=True).delete()


def _go_on_from(session: Session, log: dict[str, Any], now: datetime) -> None:
    """Attempts that began at an earlier site go on here: at whatever machine signs in next.

    A doubt about that site's clock is not settled any more: it is a pause now, which a proctor ends.
    """
    take_standing(session, log["head"], now=now)
    for part in log["parts"]:
        take_events(session, part["seats"], now)
    still = session.interruptions.filter(kind=Interruption.Kind.CLOCK, ended_at__isnull=True)
    still.update(kind=Interruption.Kind.PAUSE)
    Attempt.objects.filter(seat__session=session).update(device="", uploads=False)


def _only(known: Card) -> Callable[[Card], None]:
    """Lets one card pass."""

    def check(card: Card) -> None:
        if card != known:
            raise NotSigned

    return check


def _keep(row: Any, *, keeps_decisions: bool) -> None:
    """Rows are written as they came; of what is here, what the room decides stays."""
    found = row.object
    if isinstance(found, Session) and keeps_decisions:
        known = Session.objects.filter(pk=found.pk).first()
        for name in SESSION if known else ():
            setattr(found, name, getattr(known, name))
    elif isinstance(found, Seat):
        _keep_place(found)
    elif isinstance(found, Programme):
        found.from_centre = True
    found.save_base(raw=True)


def _keep_place(seat: Seat) -> None:
    """Of a seat that is here, its number; a new one gets a free number. Taken away at either end is taken
    away."""
    known = Seat.every.filter(pk=seat.pk).first()
    if known:
        seat.number, seat.removed_at = known.number, known.removed_at or seat.removed_at
        return
    taken = set(Seat.objects.filter(session=seat.session_id).values_list("number", flat=True))
    if seat.removed_at is None and seat.number in taken:
        seat.number = free_number(taken)
