"""Which key an office signs with: entered here by hand, so a letter cannot bring its own."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cakap.accounts.models import Agency
from cakap.audit.services import record
from cakap.delivery.sites.identity import Card, identity
from cakap.placement.errors import BadSigner
from cakap.placement.models import LetterSigner


@transaction.atomic
def add_signer(*, issuer: str, card: str, actor: str, now: datetime) -> LetterSigner:
    """Register the key of an office. BadCard, or BadSigner where the office has another valid key."""
    text, issuer = Card.read(card).text, issuer.strip()
    if not 1 <= len(issuer) <= 50:
        message = "Diharapkan kode kantor, 1 sampai 50 huruf, seperti tertulis dalam suratnya."
        raise BadSigner(message)
    valid = LetterSigner.objects.filter(issuer=issuer, withdrawn_at__isnull=True).first()
    if valid and valid.card != text:
        message = (
            f"{issuer} sudah memiliki kunci lain yang berlaku; cabut dahulu: "
            f"cakap signer withdraw {issuer} --reason ALASAN"
        )
        raise BadSigner(message)
    if valid:
        return valid
    row = LetterSigner.objects.create(issuer=issuer, card=text, added_by=actor, added_at=now)
    record(actor=actor, action="signer.add", subject=issuer, detail={"card": text}, now=now)
    return row


@transaction.atomic
def withdraw_signer(*, issuer: str, reason: str, actor: str, now: datetime) -> None:
    """Stop believing the key of an office; its letters are those of an unknown signer from here on."""
    if not reason.strip():
        message = "Pencabutan kunci memerlukan alasan."
        raise BadSigner(message)
    row = LetterSigner.objects.filter(issuer=issuer, withdrawn_at__isnull=True).first()
    if row is None:
        message = f"{issuer} tidak memiliki kunci yang berlaku di sini."
        raise BadSigner(message)
    LetterSigner.objects.filter(pk=row.pk).update(
        withdrawn_by=actor, withdrawn_at=now, reason=reason.strip()[:300]
    )
    record(
        actor=actor, action="signer.withdraw", subject=issuer,
        detail={"card": row.card, "reason": reason.strip()}, now=now,
    )  # fmt: skip


def cards_of(issuer: str) -> list[Card]:
    """The keys with which letters of this office may be signed: registered, or our own for our agencies."""
    rows = LetterSigner.objects.filter(issuer=issuer, withdrawn_at__isnull=True)
    cards = [Card.read(row.card) for row in rows]
    if Agency.objects.filter(code=issuer).exists():
        cards.append(identity().card)
    return cards
