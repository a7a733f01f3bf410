"""Who may open a page: a decorator that names the roles, and the rows that follow from them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from cakap.accounts.models import Agency, Role, User
from cakap.errors import NotAllowed, Refused

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]


def allow(*roles: Role) -> Callable[[View[Rest]], View[Rest]]:
    """Let in those who hold one of the roles somewhere; others are sent to sign in or refused."""

    def wrap(view: View[Rest]) -> View[Rest]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Any:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            act_as(request, *roles)
            return view(request, *args, **kwargs)

        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return wrap


def act_as(request: HttpRequest, *roles: Role) -> None:
    """Let a signed-in request act in these roles, or refuse it where its user holds none of them."""
    if not request.user.is_authenticated or not request.user.roles() & set(roles):
        raise NotAllowed
    request.acting = roles  # type: ignore[attr-defined]


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Say on purpose that a page is for everybody."""
    view.roles = frozenset()  # type: ignore[attr-defined]
    return view


def rows(request: HttpRequest, model: type[models.Model]) -> Any:
    """The rows of `model` that this request may see: its user, in the roles the page is for."""
    return model.objects.for_user(request.user, request.acting)  # type: ignore[attr-defined]


def one(request: HttpRequest, model: type[models.Model], **key: object) -> Any:
    """The one row, or 404 when it is not there or not this user's to see."""
    return get_object_or_404(rows(request, model), **key)


def acting_agency(request: HttpRequest) -> Agency:
    """The agency for which this request acts: the first in which its user holds such a role."""
    user = cast("User", request.user)
    agencies = user.agencies(request.acting)  # type: ignore[attr-defined]
    wanted = request.session.get("agency")
    agency = agencies.filter(code=wanted).first() or agencies.first()
    if agency is None:
        message = "Anda belum terdaftar pada instansi mana pun."
        raise Refused(message)
    return agency


def signed_in(request: HttpRequest) -> User:
    """The user of a page that `allow` guards."""
    return cast("User", request.user)


def holds(request: HttpRequest, role: Role) -> bool:
    """Whether the user of a guarded page holds a role somewhere: for showing a button or not."""
    return role in signed_in(request).roles()
