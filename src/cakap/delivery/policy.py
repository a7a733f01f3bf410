"""The policy of a session's day."""

from __future__ import annotations

from datetime import date

from cakap.policy.book import Policy
from cakap.policy.queries import policy_in_force, policy_kept
from cakap.programmes.models import Session


def policy_of(session: Session, on: date | None = None) -> Policy:
    """The policy in force for a session's agency on a day, its own unless told, with the programme's kept
    rules over it: those travel to a site, the agency's do not."""
    in_force = policy_in_force(agency=session.programme.initiator.code, on=on or session.day)
    digest = session.programme.policy_digest
    return Policy({**in_force.rules, **policy_kept(digest).rules}) if digest else in_force
