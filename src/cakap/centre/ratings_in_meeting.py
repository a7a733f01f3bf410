"""The one place where ratings of several assessors are read together: after the meeting was opened.

An import contract lets `centre.meeting` alone import this module.
"""

from __future__ import annotations

from cakap.centre.errors import MeetingNotOpen
from cakap.centre.models import Meeting, Rating
from cakap.programmes.models import Participant


def ratings_in_meeting(participant: Participant) -> list[Rating]:
    """Return all ratings of a participant, by simulation and assessor.

    Raises `MeetingNotOpen` before the meeting on the participant was opened.
    """
    if not Meeting.objects.filter(participant=participant).exists():
        raise MeetingNotOpen
    return list(
        Rating.objects.filter(
            assignment__participant=participant, assignment__withdrawn_at__isnull=True
        )
        .select_related("assignment__assessor", "simulation")
        .order_by("simulation__code", "assignment__assessor__name")
    )
