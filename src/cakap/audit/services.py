"""Writes the log. Called inside the transaction of the act itself, so both happen or neither."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from cakap.audit.chain import canonical, link
from cakap.audit.models import Entry, Head


@transaction.atomic(savepoint=False)
def record(
    *,
    actor: str,
    action: str,
    subject: str,
    now: datetime,
    agency: str = "",
    detail: Mapping[str, object] | None = None,
) -> Entry:
    """Append one act to the chain. Whoever records waits for whoever did so before to commit: from
    the head's lock to the end only what is needed."""
    plain = json.loads(canonical(dict(detail or {})))
    act = {
        "actor": actor,
        "action": action,
        "subject": subject,
        "agency": agency,
        "detail": plain,
    }
    head = (
        Head.objects.select_for_update().filter(id=1).first()
        or Head.objects.select_for_update().get_or_create(id=1)[0]
    )
    seq = head.seq + 1
    digest = link(previous=head.digest, seq=seq, at=now, act=act)
    entry = Entry.objects.create(
        seq=seq,
        at=now,
        actor=actor,
        action=action,
        subject=subject,
        agency=agency,
        detail=plain,
        previous=head.digest,
        digest=digest,
    )
    Head.objects.filter(id=1).update(seq=seq, digest=digest)
    return entry
