"""Addresses at which people sign in and keep their own password; what is not used is not there."""

from __future__ import annotations

from typing import NoReturn

from allauth.account import views
from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import path, re_path


def absent(request: HttpRequest) -> NoReturn:
    """No page: allauth's sign-in page asks for the name of this address, nobody goes there."""
    raise Http404


urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("signup/", absent, name="account_signup"),
    path("password/set/", absent, name="account_set_password"),
]
if settings.CAKAP_SENDS_MAIL:
    urlpatterns += [
        path("password/reset/", views.password_reset, name="account_reset_password"),
        path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
        path(
            "password/reset/key/done/", views.password_reset_from_key_done,
            name="account_reset_password_from_key_done",
        ),
        # The number of the account has no hyphen, the key has.
        re_path(
            r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
            views.password_reset_from_key, name="account_reset_password_from_key",
        ),
    ]  # fmt: skip
