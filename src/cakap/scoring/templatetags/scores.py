"""The raw score for pages of apps below scoring: a template asks for it, no code of theirs imports it."""

from __future__ import annotations

from django import template

from cakap.delivery.models import Attempt
from cakap.scoring.raw_scores import Raw, receipt_score

register = template.Library()


@register.simple_tag
def raw_score(attempt: Attempt) -> Raw | None:
    """What the receipt shows by policy, or None."""
    return receipt_score(attempt)
