"""What every page obeys: a strict content policy, nothing kept by caches, refusals as sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from cakap.errors import Refused, TooLarge

Next = Callable[[HttpRequest], HttpResponse]
MOST_ANONYMOUS, MOST_SIGNED_IN = 2**20, 256 * 2**20
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def strict_content(get_response: Next) -> Next:
    """No inline script, nothing from elsewhere, and no page kept where the next user finds it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


class BoundBodies:
    """A body that is longer than its sender may send is refused by its stated length, before it is read.

    Stands before the check for forgery, which reads the whole form. A view that takes more from senders
    without an account says so: `most_bytes`.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Django calls this before it calls a view."""
        length = _length(request)
        most = getattr(view, "most_bytes", MOST_ANONYMOUS)
        if length > most and request.user.is_authenticated:
            most = MOST_SIGNED_IN
        if length <= most:
            return None
        found, expected = (f"{size / 2**20:.1f}" for size in (length, most))
        refusal = TooLarge(f"Kiriman ini {found} MiB; di sini paling besar {expected} MiB.")
        return AnswerRefusals(self.get_response).process_exception(request, refusal)


def _length(request: HttpRequest) -> int:
    said = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(said) if said.isdigit() and len(said) < 20 else 0


class AnswerRefusals:
    """A refused act becomes a page, or JSON where JSON was asked for, that says why."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Django calls this for whatever a view raises."""
        if not isinstance(exception, Refused):
            return None
        if "application/json" in (request.content_type, request.headers.get("Accept", "")):
            content = {"code": exception.code, "message": str(exception)}
            return JsonResponse(content, status=exception.status)
        return render(request, "ui/refused.html", {"refusal": exception}, status=exception.status)
