"""Whether the server's time is in doubt: decisions wait until people say what is right."""

from __future__ import annotations

from cakap.delivery.errors import TimeInDoubt, TimeNotConfirmed
from cakap.delivery.models import ClockAlarm


def open_alarm() -> ClockAlarm | None:
    """The alarm that nobody has settled yet."""
    return ClockAlarm.objects.filter(is_open=True).first()


def refuse_doubt() -> None:
    """Raises TimeInDoubt, for a participant, while the server's time is not confirmed."""
    if open_alarm():
        raise TimeInDoubt


def refuse_unconfirmed_time() -> None:
    """Raises TimeNotConfirmed, for a proctor whose act would be reckoned from a time that may be wrong."""
    if open_alarm():
        raise TimeNotConfirmed
