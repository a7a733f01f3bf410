"""Numbers as the reader's language writes them."""

from __future__ import annotations

from django.utils import formats


def decimal(value: float, places: int) -> str:
    """Rounded, then written: Django's own `number_format` cuts digits off instead of rounding."""
    return formats.number_format(f"{value:.{places}f}", places)
