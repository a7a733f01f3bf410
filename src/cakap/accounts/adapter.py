"""Nobody makes an account for oneself here: an agency does. And nobody guesses one's password."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from cakap.accounts.browsers import remember, source_of
from cakap.accounts.guesses import (
    STAFF,
    STAFF_LIMITS,
    Guess,
    is_held,
    note_wrong,
    settle_right,
)
from cakap.accounts.models import User
from cakap.ui.addresses import address_of

log = logging.getLogger(__name__)


class ClosedSignup(DefaultAccountAdapter):
    """allauth with the door to self-registration shut, and with our own count of wrong passwords.

    allauth counts a name's wrong passwords wherever they come from, and an address's whoever types
    them: one guesser would keep a person, or an office behind one address, out for ever.
    """

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("web:home")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail; where the mail server fails the log says so and the page tells no address apart."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException):
            log.exception("a mail (%s) could not be sent", template_prefix)

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        who = str(credentials.get("email") or credentials.get("username") or "").lower()[:150]
        guess = Guess(source=source_of(request, who), scopes=(STAFF,), who=who)
        if is_held(guess, _limits, now=timezone.now()):  # before a password is hashed
            raise self.validation_error("too_many_login_attempts")
        user: User | None = super().authenticate(request, **credentials)
        settle = settle_right if user else note_wrong
        if settle(guess, _limits, now=timezone.now()):
            raise self.validation_error("too_many_login_attempts")
        return user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counted in `authenticate`, when it is known whether the password was right."""

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return remember(request, response, user)


def _limits() -> Any:
    return STAFF_LIMITS


def confirmed_user(request: HttpRequest, username: str, password: str) -> User | None:
    """The user whom a name and a password show, who need not be the one signed in.

    Wrong passwords are counted as at the sign-in; ValidationError where no more are looked at.
    """
    user: User | None = ClosedSignup(request).authenticate(
        request, username=username, password=password
    )
    return user
