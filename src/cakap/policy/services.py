"""Changes to policy: an agency's own value, and keeping what a result was made under."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from cakap.audit.services import record
from cakap.policy.book import Policy, default_rules
from cakap.policy.errors import UnknownRule, WrongShape
from cakap.policy.models import Override, Snapshot

MOST = 1e15  # of a number in a rule


@transaction.atomic
def override_rule(
    *, agency: str, key: str, value: Any, reason: str, since: date, actor: str, now: datetime
) -> Override:
    """Set an agency's own value of a rule from a day on; the shipped value stays readable."""
    rule = default_rules().get(key)
    if rule is None:
        raise UnknownRule
    _refuse_other_shape(rule.value, value)
    if not reason.strip():
        message = "Alasan perubahan kebijakan wajib diisi."
        raise WrongShape(message)
    row, _ = Override.objects.update_or_create(
        agency=agency, key=key, since=since, defaults={"value": value, "reason": reason}
    )
    record(
        actor=actor,
        action="policy.override",
        subject=key,
        agency=agency,
        detail={"value": value, "reason": reason, "since": since},
        now=now,
    )
    return row


def keep_policy(policy: Policy) -> str:
    """Keep the policy's content under its digest, and return the digest."""
    digest = policy.digest
    Snapshot.objects.get_or_create(digest=digest, defaults={"content": policy.content})
    return digest


def _refuse_other_shape(shipped: Any, given: Any) -> None:
    """A dictionary keeps its keys, a list its length and a number stays a number."""
    if not _is_alike(shipped, given):
        message = f"Nilai harus berbentuk seperti bawaan: {shipped!r}; ditemukan {given!r}."
        raise WrongShape(message)
    if isinstance(shipped, dict):
        if set(shipped) != set(given):
            message = f"Kunci harus tetap: {', '.join(sorted(shipped))}."
            raise WrongShape(message)
        for key, part in shipped.items():
            _refuse_other_shape(part, given[key])
    elif isinstance(shipped, list):
        _refuse_other_parts(shipped, given)


def _refuse_other_parts(shipped: list[Any], given: list[Any]) -> None:
    if len(shipped) != len(given):
        message = f"Banyaknya bagian harus tetap {len(shipped)}; ditemukan {len(given)}."
        raise WrongShape(message)
    for part, other in zip(shipped, given, strict=True):
        # Groups of names may be of any size, so that a name moves from one to another.
        if not (_is_texts(part) and _is_texts(other)):
            _refuse_other_shape(part, other)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_alike(shipped: Any, given: Any) -> bool:
    """Whether both are one kind of value. No number is NaN or overflows: no rule can mean that."""
    number = (int, float)
    if isinstance(shipped, bool) or isinstance(given, bool):
        return isinstance(shipped, bool) and isinstance(given, bool)
    if isinstance(shipped, number):
        return isinstance(given, number) and -MOST < given < MOST
    return type(shipped) is type(given)
