"""What every page obeys: a strict content policy, nothing kept by caches, refusals as sentences."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from cakap.errors import Refused

Next = Callable[[HttpRequest], HttpResponse]
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
