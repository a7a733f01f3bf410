"""The next item of an adaptive section, as the exam page hears it: both doors end here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cakap.delivery.door import Caller
from cakap.delivery.paper import shown_question
from cakap.delivery.services import offer_next
from cakap.delivery.token import attempt_at
from cakap.itembank.queries import question_of


def next_question(
    *, attempt: int, device: str, section: int, caller: Caller, now: datetime
) -> dict[str, Any] | None:
    """The item to show next, None when the section has ended. Raises Refused as the page's other doors do."""
    offer = offer_next(attempt=attempt_at(attempt, caller), device=device, section=section, now=now)
    return shown_question(question_of(offer.version)) if offer else None
