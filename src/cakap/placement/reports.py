"""The rotation plan as a document."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.utils import formats, timezone

from cakap.placement.models import Advice, Line, Plan
from cakap.placement.queries import Recommendation
from cakap.ui.numbers import decimal
from cakap.ui.pdf import document

MOST_EXCLUDED = 100
SOURCE = Path(__file__).parent / "documents" / "plan.typ"


def plan_document(plan: Plan) -> bytes:
    """The plan as a tagged PDF: moves with reasons, then what stays vacant."""
    lines = list(plan.lines.select_related("employee", "source", "target"))
    opened = plan.open_posts.select_related("position").filter(stage__gte=1)
    return document(
        SOURCE,
        {
            "title": f"Rencana rotasi {plan.name}",
            "name": plan.name,
            "agency": plan.agency.name,
            "made_at": formats.date_format(timezone.localtime(plan.made_at), "j F Y H.i"),
            "state": str(plan.get_state_display()),
            "decree": plan.decree,
            "before": decimal(plan.total_before, 2),
            "after": decimal(plan.total_after, 2),
            "bound": decimal(plan.bound, 2),
            "optimal": plan.optimal,
            "people": len(lines),
            "moves": [_move(line) for line in lines if line.source_id != line.target_id],
            "open": [
                {"stage": row.stage, "title": row.position.title, "seats": row.seats}
                for row in opened
            ],
            "footer": f"kebijakan {plan.policy_digest[:16]} · bahan {plan.input_digest[:16]}",
        },
        made_at=plan.made_at,
    )


def recommendation_document(title: str, found: Recommendation, *, now: datetime) -> bytes:
    """An answer to one of the two questions, with reasons for and against."""
    return document(
        SOURCE.with_name("recommendation.typ"),
        {
            "title": title,
            "made_at": formats.date_format(timezone.localtime(now), "j F Y H.i"),
            "not_assessed": found.not_assessed,
            "proposed": [
                {
                    "name": one.employee.full_name,
                    "post": one.position.title,
                    "fit": decimal(one.fit, 2),
                    "box": "–" if one.box is None else str(one.box),
                    "above": "; ".join(one.strengths) or "–",
                    "below": "; ".join(one.gaps) or "–",
                }
                for one in found.proposed
            ],
            "excluded": [
                {
                    "name": one.employee.full_name,
                    "post": one.position.title,
                    "reasons": "; ".join(one.reasons),
                }
                for one in found.excluded[:MOST_EXCLUDED]
            ],
            "more": max(len(found.excluded) - MOST_EXCLUDED, 0),
            "footer": "RAHASIA",
        },
        made_at=now,
    )


def _move(line: Line) -> dict[str, str]:
    return {
        "name": line.employee.full_name,
        "source": line.source.title,
        "target": line.target.title,
        "before": decimal(line.fit_before, 2),
        "after": decimal(line.fit_after, 2),
        "reason": line.reason,
    }


def advice_document(letter: Advice) -> bytes:
    """A letter of recommendations; what is signed is its JSON, whose signature the page shows."""
    lines = letter.lines.select_related("employee__agency", "position").order_by("pk")
    sent = letter.sent_at
    return document(
        SOURCE.with_name("advice.typ"),
        {
            "title": f"Rekomendasi penempatan {letter.number}",
            "number": letter.number,
            "issuer": letter.issuer.name,
            "recipient": letter.recipient.name,
            "signature": letter.signature,
            "card": letter.card,
            "signed_by": letter.signed_by,
            "signed_at": formats.date_format(timezone.localtime(sent), "j F Y H.i") if sent else "",
            "lines": [
                {
                    "post": line.position.title, "name": line.employee.full_name,
                    "home": line.employee.agency.name, "fit": decimal(line.fit, 2),
                    "reason": line.reason,
                }
                for line in lines
            ],
            "footer": "RAHASIA",
        },
        made_at=letter.made_at,
    )  # fmt: skip
