"""Pages of one shape for all."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def form_page(
    request: HttpRequest, form: Any, title: str, back: str, *, intro: str = "", submit: str = ""
) -> HttpResponse:
    """A form with its title, what follows from it, a button and a way back."""
    context = {
        "form": form,
        "title": title,
        "intro": intro,
        "submit": submit or _("Simpan"),
        "back": back,
    }
    return render(request, "ui/form.html", context)
