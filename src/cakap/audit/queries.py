from __future__ import annotations

from cakap.audit.chain import START, link
from cakap.audit.models import Entry, Head


def first_broken_link() -> str:
    """A sentence on the first entry that does not follow from the one before; empty when whole."""
    previous, expected = START, 1
    for entry in Entry.objects.order_by("seq").iterator(chunk_size=2000):
        if entry.seq != expected:
            return f"catatan {expected} hilang (sesudah {expected - 1} terdapat {entry.seq})"
        act = {
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "agency": entry.agency,
            "detail": entry.detail,
        }
        computed = link(previous=previous, seq=entry.seq, at=entry.at, act=act)
        if entry.previous != previous or entry.digest != computed:
            return f"catatan {entry.seq} ({entry.action}, {entry.subject}) tidak utuh"
        previous, expected = entry.digest, expected + 1
    head = Head.objects.filter(id=1).first()
    if head and (head.seq, head.digest) != (expected - 1, previous):
        return f"catatan {expected} sampai {head.seq} hilang dari ujung rantai"
    return ""
