"""Nobody makes an account for oneself here: an agency does."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignup(DefaultAccountAdapter):
    """allauth with the door to self-registration shut."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
