from __future__ import annotations

from dataclasses import replace
from datetime import date

from cakap.policy.book import Policy, Rule, default_rules
from cakap.policy.models import Override, Snapshot


def policy_in_force(*, agency: str, on: date) -> Policy:
    """The shipped rules with the agency's own values over them."""
    rules = dict(default_rules())
    for row in Override.objects.filter(agency=agency, since__lte=on).order_by("since"):
        if row.key in rules:
            rules[row.key] = replace(rules[row.key], value=row.value, overridden=True)
    return Policy(rules)


def policy_kept(digest: str) -> Policy:
    """The policy under which an older result was made."""
    content = Snapshot.objects.get(digest=digest).content
    return Policy(
        {
            key: Rule(key=key, title="", value=value, source="", verified=False)
            for key, value in content.items()
        }
    )
