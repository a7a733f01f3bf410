"""Browsers at which a person has signed in before: their wrong guesses are counted apart.

Whoever guesses a colleague's password behind the same address then closes that address for the name,
but not the browser at which the colleague works every day.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from cakap.accounts.models import User
from cakap.ui.addresses import address_of, subscriber_of

COOKIE, SALT, AGE = "cakap_peramban", "cakap.accounts.browsers", 365 * 24 * 3600


def source_of(request: HttpRequest, who: str) -> str:
    """What a person's wrong guesses are counted by: this browser where it is known, else the address."""
    known = _read(request)
    if known:
        user = User.objects.filter(pk=known[0]).first()
        if user and who in {user.username.lower(), user.email.lower()}:
            return f"peramban {known[1]}"
    return subscriber_of(address_of(request))


def remember(request: HttpRequest, response: HttpResponse, user: User) -> HttpResponse:
    """Let this browser be known as one at which this person has signed in."""
    known = _read(request)
    if known is None or known[0] != user.pk:
        told = signing.dumps([user.pk, secrets.token_hex(16)], salt=SALT)
        response.set_cookie(
            COOKIE, told, max_age=AGE, httponly=True, samesite="Lax", path="/akun/",
            secure=bool(settings.SESSION_COOKIE_SECURE),
        )  # fmt: skip
    return response


def _read(request: HttpRequest) -> tuple[int, str] | None:
    try:
        user, name = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return user, name
