"""Makes nine-box maps: each is kept with its policy, none is changed afterwards."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from cakap import __version__
from cakap.accounts.models import Agency
from cakap.audit.services import record
from cakap.policy.queries import policy_in_force, policy_kept
from cakap.policy.services import keep_policy
from cakap.talent.boxes import box_of, performance_of, potential_of
from cakap.talent.errors import NobodyToMap
from cakap.talent.models import Placement, TalentMap
from cakap.talent.queries import computed_map

SAME = 1e-9


@transaction.atomic
def map_talent(*, agency: Agency, actor: str, now: datetime) -> TalentMap:
    """Place everybody of an agency in a box as things stand today."""
    policy = policy_in_force(agency=agency.code, on=timezone.localdate(now))
    people = computed_map(agency, policy, on=timezone.localdate(now))
    if not people:
        raise NobodyToMap
    row = TalentMap.objects.create(
        agency=agency, made_at=now, policy_digest=keep_policy(policy), engine_version=__version__
    )
    Placement.objects.bulk_create(
        (
            Placement(
                map=row,
                employee_id=one.employee,
                result_id=one.result,
                performance=one.performance,
                potential=one.potential,
                box=one.box,
                parts=one.parts,
                barred=one.barred,
            )
            for one in people
        ),
        batch_size=2000,
    )
    record(
        actor=actor, action="talent.map", subject=f"{len(people)} pegawai", agency=agency.code,
        detail={"policy": row.policy_digest}, now=now,
    )  # fmt: skip
    return row


def first_difference(row: TalentMap) -> str:
    """Recompute the boxes of a map from its own parts and policy; a sentence on the first that differs."""
    policy = policy_kept(row.policy_digest)
    for kept in row.placements.select_related("employee"):
        parts = dict(kept.parts)
        performance = performance_of(parts.pop("predicates"), policy)
        potential = potential_of(parts, policy)
        same = (
            abs(performance - kept.performance) <= SAME and abs(potential - kept.potential) <= SAME
        )
        if not same or box_of(performance, potential, policy).number != kept.box:
            return f"kotak {kept.employee.nip}: tersimpan {kept.box}, bahan menghasilkan angka lain"
    return ""
