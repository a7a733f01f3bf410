"""The rules that the acts of a session's day obey."""

from __future__ import annotations

from datetime import date

from cakap.policy.book import Policy
from cakap.policy.queries import policy_in_force, policy_kept
from cakap.programmes.models import Session


def rules_of(session: Session, day: date) -> Policy:
    """The programme's own rules where they are kept, which travel to a site with it; else the day's."""
    in_force = policy_in_force(agency=session.programme.initiator.code, on=day)
    digest = session.programme.policy_digest
    return Policy({**in_force.rules, **policy_kept(digest).rules}) if digest else in_force
