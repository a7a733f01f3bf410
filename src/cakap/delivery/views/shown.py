"""What a page of ours showed, as its form sends it back: an act on what has changed since is refused."""

from __future__ import annotations

from django.http import HttpRequest


def shown_number(request: HttpRequest, name: str) -> int | None:
    """A number; None where the form does not have it, or has something else there."""
    return _number(request.POST.get(name, ""))


def shown_numbers(request: HttpRequest, name: str) -> list[int] | None:
    """Numbers with commas between them; None where the form does not have them."""
    text = request.POST.get(name)
    if text is None:
        return None
    return [number for part in text.split(",") if (number := _number(part)) is not None]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
