"""A session for a site: everything that the room needs, and no key: sealed, signed, taken beforehand.

Rows keep their numbers, so what comes back speaks of the same seats and items.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.core import serializers
from django.core.serializers.base import DeserializationError
from django.db import IntegrityError, models, transaction

from cakap.accounts.models import Agency
from cakap.audit.services import record
from cakap.delivery.models import Attempt, Site, SitePackage
from cakap.delivery.sites.envelope import PACKAGE_BOUNDS, opened, sealed, signed, unsealed
from cakap.delivery.sites.errors import BadEnvelope, NotForSites, NotSigned
from cakap.delivery.sites.identity import Card, identity
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
from cakap.programmes.services import freeze_policy
from cakap.registry.models import Employee, Portrait

# What a package may hold, in the order in which it is taken in. Keys and parameters are not in it.
MODELS: tuple[type[models.Model], ...] = (
    Agency, Employee, Portrait, Snapshot, Programme, Participant, Accommodation, Room, Asset,
    Stimulus, Item, ItemVersion, Form, Section, FormItem, Session, Seat,
)  # fmt: skip
NEVER = (ItemKey, ItemParameters)


@transaction.atomic
def pack(*, session: Session, site: Site, by: str, now: datetime) -> bytes:
    """The session's package for a site. From here on the session is held there, not here."""
    if session.form.sections.filter(adaptive_items__isnull=False).exists():
        message = (
            "Formulir dengan bagian adaptif memerlukan kunci di tempat; situs tidak memegangnya."
        )
        raise NotForSites(message)
    held = SitePackage.objects.filter(session=session).exclude(site=site).exists()
    if held or Attempt.objects.filter(seat__session=session, uploads=False).exists():
        message = "Sesi ini sudah dikerjakan di sini atau dibawa ke situs lain."
        raise NotForSites(message)
    freeze_policy(programme=session.programme, now=now)
    freeze_form(form=session.form, now=now)
    rows = [row for query in _queries(session) for row in _plain(query)]
    content = {"rows": json.loads(serializers.serialize("json", rows)), "session": session.pk}
    SitePackage.objects.update_or_create(
        session=session, defaults={"site": site, "made_at": now, "made_by": by}
    )
    record(
        actor=by, action="site.pack", subject=f"sesi {session.pk}",
        agency=session.programme.organiser.code, detail={"site": site.name}, now=now,
    )  # fmt: skip
    return sealed(signed(content, identity()), Card.read(site.card))


def _queries(session: Session) -> Iterator[Iterable[models.Model]]:
    seats = Seat.objects.filter(session=session)
    people = Employee.objects.filter(participations__seats__in=seats)
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
    yield Participant.objects.filter(seats__in=seats)
    yield Accommodation.objects.filter(participant__seats__in=seats)
    yield [session.room]
    yield Asset.objects.filter(agency__in=versions.values("item__agency"))
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
    """At the site: a package of the centre with this card. All of it or nothing; twice is no news."""
    _card, told = opened(
        unsealed(content, identity()), check=_only(Card.read(centre)), bounds=PACKAGE_BOUNDS
    )
    try:
        for row in serializers.deserialize("json", json.dumps(told["rows"])):
            if type(row.object) not in MODELS:
                raise BadEnvelope
            _keep(row)
        session: Session = Session.objects.get(pk=told["session"])
    except (KeyError, TypeError, DeserializationError, IntegrityError) as exc:
        raise BadEnvelope from exc
    record(actor="situs", action="site.take_in", subject=f"sesi {session.pk}", now=now)
    return session


def _only(known: Card) -> Callable[[Card], None]:
    """Lets one card pass."""

    def check(card: Card) -> None:
        if card != known:
            raise NotSigned

    return check


def _keep(row: Any) -> None:
    """A session that runs here is not put back to what it was when it was packed."""
    if isinstance(row.object, Session):
        known = Session.objects.filter(pk=row.object.pk).first()
        row.object.state = known.state if known else row.object.state
    row.object.save_base(raw=True)
