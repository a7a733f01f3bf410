"""One list for all: search, sort, pages and export, whatever the rows are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cakap.ui.files import WRITERS, download

PAGE = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column: what a row shows in it and, perhaps, where that leads."""

    title: Any
    value: Callable[[Any], Any]
    link: Callable[[Any], str] | None = None
    number: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """A button above the list."""

    title: Any
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """A page with a list: its columns, what to do when it is empty, and what else one can do."""

    title: Any
    name: str
    columns: Sequence[Column]
    empty: Any
    actions: Sequence[Action] = ()
    intro: Any = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    template: str = "ui/list.html"


def show(request: HttpRequest, listing: Listing, rows: Any) -> HttpResponse:
    """The list as a page, or as a file with ?format=csv or xlsx; the file has every row found."""
    found = _sorted(listing, _found(listing, list(rows), request.GET.get("q", "")), request)
    kind = request.GET.get("format", "")
    if kind in WRITERS:
        headers = [str(column.title) for column in listing.columns]
        cells = [[column.value(row) for column in listing.columns] for row in found]
        return download(WRITERS[kind](headers, cells), f"{listing.name}.{kind}")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "listing": listing,
        "page": page,
        "query": request.GET.get("q", ""),
        "rest": query.urlencode(),
        "sort": request.GET.get("sort", ""),
        "lines": [[_cell(column, row) for column in listing.columns] for row in page],
        **listing.extra,
    }
    return render(request, listing.template, context)


def _cell(column: Column, row: Any) -> dict[str, Any]:
    return {
        "value": column.value(row),
        "url": column.link(row) if column.link else "",
        "number": column.number,
    }


def _found(listing: Listing, rows: list[Any], words: str) -> list[Any]:
    wanted = words.lower().split()
    if not wanted:
        return rows
    return [
        row
        for row in rows
        for text in [" ".join(str(column.value(row)) for column in listing.columns).lower()]
        if all(word in text for word in wanted)
    ]


def _sorted(listing: Listing, rows: list[Any], request: HttpRequest) -> list[Any]:
    """?sort=2 by the second column, ?sort=-2 downwards; empty cells last."""
    asked = request.GET.get("sort", "")
    place = asked.removeprefix("-")
    if not place.isdigit() or not 1 <= int(place) <= len(listing.columns):
        return rows
    column = listing.columns[int(place) - 1]
    full = [row for row in rows if column.value(row) not in (None, "")]
    rest = [row for row in rows if column.value(row) in (None, "")]
    down = asked.startswith("-")
    try:
        full.sort(key=column.value, reverse=down)
    except TypeError:
        full.sort(key=lambda row: str(column.value(row)), reverse=down)
    return full + rest
