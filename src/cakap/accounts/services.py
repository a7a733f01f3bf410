"""Makes agencies and accounts, and gives roles."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from cakap.accounts.models import Agency, Membership, Role, User
from cakap.audit.services import record
from cakap.errors import NotAllowed


@transaction.atomic
def register_agency(
    *,
    code: str,
    name: str,
    accreditation: str = "",
    accredited_until: date | None = None,
    actor: str,
    now: datetime,
) -> Agency:
    """Add a government body, or return the one that has this code."""
    agency, new = Agency.objects.get_or_create(
        code=code,
        defaults={
            "name": name,
            "accreditation": accreditation,
            "accredited_until": accredited_until,
        },
    )
    if new:
        record(actor=actor, action="agency.register", subject=code, agency=code, now=now)
    return agency


@transaction.atomic
def register_user(
    *, username: str, name: str, password: str, actor: str, now: datetime, email: str = ""
) -> User:
    """Make an account that signs in with `username` (a NIP) or its e-mail."""
    user = User.objects.create_user(username=username, name=name, email=email, password=password)
    record(actor=actor, action="user.register", subject=username, now=now)
    return user


@transaction.atomic
def give_roles(
    *, user: User, agency: Agency, roles: Iterable[Role], actor: str, now: datetime
) -> None:
    """Let the user act in these roles for the agency."""
    for role in roles:
        Membership.objects.get_or_create(user=user, agency=agency, role=role)
        record(
            actor=actor,
            action="role.give",
            subject=user.username,
            agency=agency.code,
            detail={"role": role},
            now=now,
        )


@transaction.atomic
def reset_password(*, user: User, agency: Agency, password: str, actor: str, now: datetime) -> None:
    """Give a user of one's own agency a new password; refused for those who act elsewhere too."""
    elsewhere = user.memberships.exclude(agency=agency).exists()
    if elsewhere or not user.memberships.filter(agency=agency).exists():
        message = (
            "Pengguna ini bertindak juga untuk instansi lain; kata sandinya tidak diganti di sini."
        )
        raise NotAllowed(message)
    user.set_password(password)
    User.objects.filter(pk=user.pk).update(password=user.password)
    record(actor=actor, action="user.password", subject=user.username, agency=agency.code, now=now)


@transaction.atomic
def take_role(*, membership: Membership, actor: str, now: datetime) -> None:
    """End one role of a user."""
    record(
        actor=actor,
        action="role.take",
        subject=membership.user.username,
        agency=membership.agency.code,
        detail={"role": membership.role},
        now=now,
    )
    membership.delete()
