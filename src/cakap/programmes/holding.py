"""Sessions held for an act: whoever decides on a session's state decides on the state of now."""

from __future__ import annotations

from cakap.programmes.models import Session

# What acts change of a session; the rest stands since it was planned.
CHANGING = ("state", "starts_at", "ends_at", "pin", "exam_keys", "closed_at", "postponed_at")


def hold_sessions(*sessions: Session) -> None:
    """Hold sessions to the end of the transaction, and read anew what may have changed of them.

    Two acts at once would each reckon from what was before the other: the second waits here, and finds
    what the first has done. Held in the order of their numbers, and before any participant or attempt is.
    """
    for session in sorted(sessions, key=lambda one: one.pk):
        rows = Session.objects.select_for_update().filter(pk=session.pk)
        for name, value in rows.values(*CHANGING).get().items():
            setattr(session, name, value)
