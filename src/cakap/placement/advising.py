"""What a regional office recommends to an agency: written, signed as one document, answered line by line."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from cakap.accounts.models import Agency
from cakap.audit.chain import canonical
from cakap.audit.services import record
from cakap.delivery.sites.errors import NotSigned
from cakap.delivery.sites.identity import Card, identity
from cakap.placement.board import Board, board_over, explained
from cakap.placement.eligibility import reasons_against
from cakap.placement.errors import (
    LetterIsAltered,
    LetterIsSent,
    NothingToAdvise,
    NotYourPlan,
    UnknownSigner,
)
from cakap.placement.models import Advice, AdviceLine
from cakap.placement.signers import cards_of
from cakap.policy.book import Policy
from cakap.policy.queries import policy_in_force
from cakap.registry.models import Competency
from cakap.registry.queries import empty_seats
from cakap.results.queries import organised_results

KIND = "cakap.advice/1"


@transaction.atomic
def write_advice(
    *, issuer: Agency, recipient: Agency, number: str, most: int, actor: str, now: datetime
) -> Advice:
    """For every vacant post of an agency the best people whom the office has assessed, of that agency or of
    others. NothingToAdvise where there is no such post or person."""
    on = timezone.localdate(now)
    policy = policy_in_force(agency=recipient.code, on=on)
    results = organised_results(issuer, on=on)
    homes = {row.employee.agency for row in results.values()}
    whole = board_over(results, sorted({*homes, recipient}, key=lambda one: one.pk), policy, on=on)
    lines = _lines(whole, recipient, policy, most=most, on=on)
    if not lines:
        raise NothingToAdvise
    letter = Advice.objects.create(
        issuer=issuer, recipient=recipient, number=number, made_by=actor, made_at=now
    )
    for line in lines:
        line.advice = letter
    AdviceLine.objects.bulk_create(lines, batch_size=2000)
    record(
        actor=actor, action="advice.write", subject=number, agency=issuer.code, now=now,
        detail={"recipient": recipient.code, "lines": len(lines)},
    )  # fmt: skip
    return letter


def _lines(
    whole: Board, recipient: Agency, policy: Policy, *, most: int, on: date
) -> list[AdviceLine]:
    names = dict(Competency.objects.values_list("code", "name"))
    column_of = whole.column
    found = []
    for position in sorted(empty_seats(recipient, on=on)):
        column = column_of.get(position)
        if column is None:
            continue
        order = np.argsort(-np.nan_to_num(whole.fit[:, column]), kind="stable")
        able = (int(row) for row in order if _may(whole, int(row), column, policy, on=on))
        found += [
            _line(whole, row, column, names) for row, _n in zip(able, range(most), strict=False)
        ]
    return found


def _may(whole: Board, row: int, column: int, policy: Policy, *, on: date) -> bool:
    known, position = whole.records[whole.people[row]], whole.positions[column]
    return (
        bool(np.isfinite(whole.fit[row, column]))
        and known.position != position.pk
        and known.tier != ""
        and not reasons_against(known, position.tier, policy, on=on)
    )


def _line(whole: Board, row: int, column: int, names: dict[str, str]) -> AdviceLine:
    known, position = whole.records[whole.people[row]], whole.positions[column]
    above, below = explained(whole, row, column, names)
    home = known.employee.agency
    across = f"Saat ini pada {home.name}. " if home.pk != position.agency_id else ""
    strong = f"Di atas standar: {'; '.join(above[:3])}. " if above else ""
    weak = f"Di bawah standar: {'; '.join(below[:3])}." if below else "Seluruh standar terpenuhi."
    return AdviceLine(
        employee=known.employee, position=position, fit=float(whole.fit[row, column]),
        reason=f"{across}{strong}{weak}",
    )  # fmt: skip


@transaction.atomic
def send_advice(*, letter: Advice, actor: str, now: datetime) -> None:
    """The head of the office signs: the document is fixed, byte for byte, and the agency can read it."""
    if letter.state == Advice.State.SENT:
        raise LetterIsSent
    if letter.made_by == actor:
        message = "Yang menyusun surat tidak boleh menandatanganinya sendiri."
        raise NotYourPlan(message)
    own = identity()
    letter.document = _document(letter, actor, now)
    letter.signature = base64.b64encode(own.sign.sign(letter.document.encode())).decode()
    letter.card, letter.signed_by, letter.sent_at = own.card.text, actor, now
    letter.state = Advice.State.SENT
    letter.save(update_fields=["document", "signature", "card", "signed_by", "sent_at", "state"])
    record(
        actor=actor, action="advice.send", subject=letter.number, agency=letter.issuer.code, now=now,
        detail={"recipient": letter.recipient.code, "signature": letter.signature},
    )  # fmt: skip


def _document(letter: Advice, signer: str, now: datetime) -> str:
    lines = letter.lines.select_related("employee__agency", "position__unit").order_by("pk")
    content = {
        "kind": KIND,
        "number": letter.number,
        "issuer": letter.issuer.code,
        "recipient": letter.recipient.code,
        "signed_by": signer,
        "signed_at": now.isoformat(),
        "lines": [
            {
                "id": line.pk, "nip": line.employee.nip, "name": line.employee.full_name,
                "agency": line.employee.agency.code, "post": line.position.code,
                "title": line.position.title, "unit": line.position.unit.name,
                "fit": round(line.fit, 4), "reason": line.reason,
            }
            for line in lines
        ],
    }  # fmt: skip
    return canonical(content)


def sealed(letter: Advice) -> dict[str, str]:
    """The document with what proves it, as it leaves."""
    return {"document": letter.document, "signature": letter.signature, "card": letter.card}


def check_letter(told: dict[str, Any]) -> dict[str, Any]:
    """The content of a sealed letter, signed with a key that is registered here for the office it names.

    The key inside the letter proves nothing. Raises UnknownSigner or LetterIsAltered.
    """
    try:
        document, signature = told["document"], base64.b64decode(told["signature"])
        signed, content = document.encode(), json.loads(document)
        kind, issuer = content["kind"], content["issuer"]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as exc:
        raise LetterIsAltered from exc
    named = isinstance(issuer, str) and issuer.isprintable() and len(issuer) <= 50
    if kind != KIND or not named:
        raise LetterIsAltered
    cards = cards_of(issuer)
    if any(_fits(card, signed, signature) for card in cards):
        return dict(content)
    if told.get("card") in {card.text for card in cards}:
        raise LetterIsAltered
    raise UnknownSigner(_stranger(issuer, is_registered=bool(cards)))


def _fits(card: Card, document: bytes, signature: bytes) -> bool:
    try:
        card.check(document, signature)
    except NotSigned:
        return False
    return True


def _stranger(issuer: str, *, is_registered: bool) -> str:
    if is_registered:
        return (
            f"Surat ini mengaku dari {issuer}, tetapi tidak ditandatangani dengan kunci {issuer} yang "
            "terdaftar di sini; surat tidak dapat dipercaya."
        )
    return (
        f"Penanda tangan tidak dikenal: kunci {issuer} belum terdaftar di sini. Mintalah kartunya "
        f"langsung dari kantor itu, lalu: cakap signer add {issuer} KARTU"
    )


@transaction.atomic
def answer_line(*, line: AdviceLine, answer: str, note: str, actor: str, now: datetime) -> None:
    """The agency says whether it follows a recommendation, and why; a later answer replaces the first."""
    line.answer, line.answer_note = AdviceLine.Answer(answer), note
    line.answered_by, line.answered_at = actor, now
    line.save(update_fields=["answer", "answer_note", "answered_by", "answered_at"])
    record(
        actor=actor, action=f"advice.{answer}", subject=f"{line.advice.number} {line.employee.nip}",
        agency=line.advice.recipient.code, now=now, detail={"note": note},
    )  # fmt: skip
