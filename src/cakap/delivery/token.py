"""The signed cookie by which a device shows that its participant signed in."""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest, HttpResponse

from cakap.delivery.door import Caller, door_of
from cakap.delivery.errors import NotSignedIn, OtherDevice
from cakap.delivery.models import Attempt
from cakap.delivery.queries import session_of
from cakap.delivery.seb import EXAM_KEY_HEADER, HEADER
from cakap.ui.addresses import address_of

COOKIE, SALT, AGE = "cakap_ujian", "cakap.delivery", 12 * 3600


def hand_out(response: HttpResponse, attempt: Attempt, *, secure: bool) -> HttpResponse:
    """Give the device its token; scripts cannot read it, other sites cannot send it."""
    token = signing.dumps([attempt.pk, attempt.device], salt=SALT)
    response.set_cookie(
        COOKIE, token, max_age=AGE, httponly=True, samesite="Strict", path="/ujian/", secure=secure
    )
    return response


def read(token: str) -> tuple[int, str]:
    """The attempt and device that a token was given to; refused where it is not one of ours.

    Its age is no matter: a server's clock that is set right must end nobody's exam. It serves only the
    device that its attempt is open at.
    """
    try:
        attempt, device = signing.loads(token, salt=SALT)
    except signing.BadSignature as exc:
        raise NotSignedIn from exc
    return attempt, device


def caller_of(request: HttpRequest) -> Caller:
    """Where a request comes from: as the socket tells it, or as our own web server does."""
    return Caller(
        address=address_of(request),
        agent=request.headers.get("User-Agent", "")[:300],
        proof=request.headers.get(HEADER, ""),
        exam_proof=request.headers.get(EXAM_KEY_HEADER, ""),
        cookies=request.headers.get("Cookie", ""),
        url=request.build_absolute_uri(),
    )


def attempt_of(request: HttpRequest) -> tuple[Attempt, str]:
    """The attempt and device of a request; refused where there is none, or where it comes from."""
    pk, device = read(request.COOKIES.get(COOKIE, ""))
    return attempt_at(pk, caller_of(request)), device


def attempt_at(pk: int, caller: Caller) -> Attempt:
    """The attempt of a token, for a caller whom its session lets in."""
    try:
        attempt = Attempt.objects.select_related(
            "seat__participant__employee", "seat__participant__accommodation"
        ).get(pk=pk)
    except Attempt.DoesNotExist as exc:
        raise NotSignedIn from exc
    # Apart: to plan one join of all nine tables takes a database ten times as long as to run it.
    attempt.seat.session = session_of(attempt.seat)
    door_of(attempt.seat.session).admit(caller)
    return attempt


def live_attempt(request: HttpRequest) -> Attempt:
    """The attempt of a request whose device is the one signed in last."""
    attempt, device = attempt_of(request)
    if attempt.device != device:
        raise OtherDevice
    return attempt
