"""Accommodations that change while their participant is at work: the end of the exam follows soon."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils import timezone

from cakap.delivery.control import reckon_participant
from cakap.programmes.models import Accommodation, Session


@dataclass
class AccommodationWatch:
    """What each participant of an open session was given, as this process last saw it."""

    percents: dict[int, int] = field(default_factory=dict)

    def look(self) -> None:
        """Reckon anew whoever's percentage is another than at the last look; at first all that have one."""
        rows = Accommodation.objects.filter(
            participant__seats__session__state=Session.State.OPEN,
            participant__seats__removed_at__isnull=True,
        )
        found = dict(rows.values_list("participant", "extra_percent"))
        changed = [who for who, percent in found.items() if self.percents.get(who) != percent]
        for participant in changed:
            reckon_participant(participant, now=timezone.now())
        self.percents = found
