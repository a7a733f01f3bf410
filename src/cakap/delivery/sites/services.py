"""The centre's list of sites."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from cakap.accounts.models import Agency
from cakap.audit.services import record
from cakap.delivery.models import Site
from cakap.delivery.sites.errors import BadCard, UnknownSite
from cakap.delivery.sites.identity import Card


@transaction.atomic
def add_site(*, agency: Agency, name: str, card: str, by: str, now: datetime) -> Site:
    """Make a site known; its card decides what is believed of it."""
    text = Card.read(card).text
    try:
        with transaction.atomic():
            row = Site.objects.create(agency=agency, name=name, card=text, added_at=now)
    except IntegrityError as exc:
        message = "Nama atau kartu situs ini sudah terdaftar."
        raise BadCard(message) from exc
    record(
        actor=by, action="site.add", subject=name, agency=agency.code, detail={"card": text},
        now=now,
    )  # fmt: skip
    return row


def refuse_unknown(card: Card) -> None:
    """Raises UnknownSite unless a site with this card is registered here. Reads one row by its index."""
    if not Site.objects.filter(card=card.text).exists():
        raise UnknownSite
