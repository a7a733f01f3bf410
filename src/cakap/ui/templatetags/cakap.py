"""Small words of the templates: percentages, levels, a look into a mapping."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.formats import number_format

from cakap.ui.numbers import decimal

register = template.Library()


@register.filter
def percent(value: float | None) -> str:
    """81.5 as 81,50 %: two decimals, as JPM is printed."""
    return "–" if value is None else f"{decimal(value, 2)} %"


@register.filter
def short(value: float | None) -> str:
    """A level or score as short as it can be: 3 or 3,25."""
    if value is None or value == "":
        return "–"
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return number_format(text)


@register.filter
def at(mapping: dict[Any, Any], key: Any) -> Any:
    """What a mapping holds under a key."""
    return mapping.get(key)
