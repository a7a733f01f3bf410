"""What people and units say about posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from cakap.audit.services import record
from cakap.placement.errors import TermsClash
from cakap.placement.models import Wish
from cakap.registry.models import Employee, Position


@transaction.atomic
def state_wishes(
    *, employee: Employee, posts: Sequence[Position], actor: str, now: datetime
) -> None:
    """Put a person's wishes, first to last, in place of the earlier ones; what a unit said of a post that
    stays wished for is kept."""
    if len({post.pk for post in posts}) != len(posts):
        message = "Setiap jabatan hanya dapat dipilih satu kali."
        raise TermsClash(message)
    said = dict(employee.wishes.values_list("position_id", "unit_rank"))
    employee.wishes.all().delete()
    Wish.objects.bulk_create(
        Wish(employee=employee, position=post, rank=rank, unit_rank=said.get(post.pk), made_at=now)
        for rank, post in enumerate(posts, start=1)
    )
    record(
        actor=actor, action="wish.state", subject=employee.nip, agency=employee.agency.code, now=now,
        detail={"posts": [post.code for post in posts]},
    )  # fmt: skip


@transaction.atomic
def rank_applicants(
    *, position: Position, ranks: Mapping[int, int | None], actor: str, now: datetime
) -> None:
    """What a unit says to those who wish for its post: wish id -> rank, ties allowed, None: by fit."""
    for wish in position.wishes.filter(pk__in=ranks):
        wish.unit_rank = ranks[wish.pk]
        wish.save(update_fields=["unit_rank"])
    record(
        actor=actor, action="wish.rank", subject=position.code, agency=position.agency.code, now=now,
        detail={"ranks": {str(pk): rank for pk, rank in ranks.items()}},
    )  # fmt: skip
