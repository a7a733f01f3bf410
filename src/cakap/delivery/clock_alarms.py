"""Whether the server's time is in doubt: decisions wait until people say what is right."""

from __future__ import annotations

from django.db import connection

from cakap.delivery.errors import TimeInDoubt, TimeNotConfirmed, TimeOvertaken
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


def newest_settled() -> int:
    """The number of the confirmation that the time rests on now; 0 before the first.

    Every request asks: written out, since putting the query together took longer than the answer.
    """
    table = connection.ops.quote_name(ClockAlarm._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MAX(id) FROM {table} WHERE NOT is_open")  # noqa: S608
        (newest,) = cursor.fetchone()
    return newest or 0


def refuse_overtaken(settled: int | None) -> None:
    """Raises TimeOvertaken where another time was confirmed since the one in hand was read.

    What was written in the old time was restated by then: to be asked after what is reckoned with was read.
    """
    if settled is not None and newest_settled() > settled:
        raise TimeOvertaken
