"""Sessions that want one room at one time, said to whoever plans them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from cakap.programmes.models import Session
from cakap.programmes.queries import overlapping


def warn_of_overlap(request: HttpRequest, session: Session) -> None:
    """Say which other sessions want the same room at the same time: a large room may hold two at once."""
    others = ", ".join(str(one) for one in overlapping(session))
    if others:
        text = _("Ruang ini pada waktu itu juga dipakai sesi lain: %(others)s. Periksa lagi.")
        messages.warning(request, text % {"others": others})
