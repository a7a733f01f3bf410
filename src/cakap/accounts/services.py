"""Makes agencies and accounts, and gives roles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from cakap.accounts.errors import AddressTaken, BadAgency, LastAdministrator
from cakap.accounts.guesses import STAFF, lift
from cakap.accounts.models import Agency, Membership, Role, User
from cakap.audit.services import record
from cakap.errors import NotAllowed

# The classes of BKN's accreditation that are known to us.
ACCREDITATION_CLASSES = ("A", "B", "C")


@dataclass(frozen=True, kw_only=True, slots=True)
class AgencyResult:
    """What saving an agency did; `changes`: field -> value before and value now."""

    agency: Agency
    is_new: bool
    changes: dict[str, tuple[Any, Any]]


def register_agency(
    *,
    code: str,
    name: str,
    accreditation: str | None = None,
    accredited_until: date | None = None,
    actor: str,
    now: datetime,
) -> Agency:
    """Add a government body or change the one that has this code; the row."""
    return save_agency(
        code=code, name=name, accreditation=accreditation, accredited_until=accredited_until,
        actor=actor, now=now,
    ).agency  # fmt: skip


@transaction.atomic
def save_agency(
    *,
    code: str,
    name: str,
    accreditation: str | None = None,
    accredited_until: date | None = None,
    actor: str,
    now: datetime,
) -> AgencyResult:
    """Add a government body or change the one that has this code.

    None leaves a field as it is; an empty accreditation ends it together with its validity. Raises
    BadAgency for a class that is not known and for a validity without a class.
    """
    agency = Agency.objects.select_for_update().filter(code=code).first()
    is_new = agency is None
    agency = agency or Agency(code=code)
    wanted = _wanted(agency, name.strip(), accreditation, accredited_until)
    changes = {
        field: (getattr(agency, field), value)
        for field, value in wanted.items()
        if getattr(agency, field) != value
    }
    for field, value in wanted.items():
        setattr(agency, field, value)
    _refuse_wrong_fields(agency)
    if is_new:
        agency = Agency.objects.create(code=code, **wanted)
        record(actor=actor, action="agency.register", subject=code, agency=code, now=now)
    elif changes:
        Agency.objects.filter(pk=agency.pk).update(**wanted)
        detail = {field: [str(one) for one in pair] for field, pair in changes.items()}
        record(
            actor=actor, action="agency.change", subject=code, agency=code, detail=detail, now=now
        )
    return AgencyResult(agency=agency, is_new=is_new, changes={} if is_new else changes)


def _wanted(
    agency: Agency, name: str, accreditation: str | None, until: date | None
) -> dict[str, Any]:
    """The fields of an agency as they are to be."""
    if accreditation and accreditation not in ACCREDITATION_CLASSES:
        known = ", ".join(ACCREDITATION_CLASSES)
        message = f"Kelas akreditasi {accreditation!r} tidak dikenal; diharapkan {known}."
        raise BadAgency(message)
    wanted: dict[str, Any] = {"name": name or agency.name}
    if accreditation is not None:
        wanted["accreditation"] = accreditation
    if accreditation == "":
        wanted["accredited_until"] = None
    if until is not None and not wanted.get("accreditation", agency.accreditation):
        message = "Masa berlaku akreditasi memerlukan kelas akreditasinya."
        raise BadAgency(message)
    if until is not None:
        wanted["accredited_until"] = until
    return wanted


def _refuse_wrong_fields(agency: Agency) -> None:
    try:
        agency.clean_fields()
    except ValidationError as exc:
        field, messages = next(iter(exc.message_dict.items()))
        message = f"{field}: {messages[0]}"
        raise BadAgency(message) from exc


@transaction.atomic
def register_user(
    *, username: str, name: str, password: str, actor: str, now: datetime, email: str = ""
) -> User:
    """Make an account that signs in with `username` (a NIP) or its e-mail.

    Raises AddressTaken for the address of another account.
    """
    _refuse_taken(email)
    user = User.objects.create_user(username=username, name=name, email=email, password=password)
    record(actor=actor, action="user.register", subject=username, now=now)
    return user


@transaction.atomic
def give_roles(
    *, user: User, agency: Agency, roles: Iterable[Role], actor: str, now: datetime
) -> list[Role]:
    """Let the user act in these roles for the agency; returns those that are new to the user."""
    given = []
    for role in roles:
        _, is_new = Membership.objects.get_or_create(user=user, agency=agency, role=role)
        if not is_new:
            continue
        given.append(role)
        record(
            actor=actor,
            action="role.give",
            subject=user.username,
            agency=agency.code,
            detail={"role": role},
            now=now,
        )
    return given


@transaction.atomic
def reset_password(*, user: User, agency: Agency, password: str, actor: str, now: datetime) -> None:
    """Give a user of one's own agency a new password; refused for those who act elsewhere too."""
    if not _acts_only_for(user, agency):
        message = (
            "Pengguna ini bertindak juga untuk instansi lain; kata sandinya tidak diganti di sini."
        )
        raise NotAllowed(message)
    _give_password(user, password)
    record(actor=actor, action="user.password", subject=user.username, agency=agency.code, now=now)


def _acts_only_for(user: User, agency: Agency) -> bool:
    agencies = set(user.memberships.values_list("agency", flat=True))
    return agencies == {agency.pk}


@transaction.atomic
def change_address(*, user: User, agency: Agency, email: str, actor: str, now: datetime) -> None:
    """Give a user of one's own agency an address; refused for those who act elsewhere too.

    To an address goes a new password: whoever may not give the one may not set the other.
    """
    if not _acts_only_for(user, agency):
        message = "Pengguna ini bertindak juga untuk instansi lain; surelnya tidak diganti di sini."
        raise NotAllowed(message)
    set_address(user=user, email=email, actor=actor, now=now, agency=agency.code)


@transaction.atomic
def set_address(*, user: User, email: str, actor: str, now: datetime, agency: str = "") -> bool:
    """Give a user an address, or none; whether it is another. Raises AddressTaken for somebody else's."""
    email, before = email.lower(), user.email
    if email == before:
        return False
    _refuse_taken(email)
    User.objects.filter(pk=user.pk).update(email=email)
    record(
        actor=actor, action="user.address", subject=user.username, agency=agency,
        detail={"email": [before, email]}, now=now,
    )  # fmt: skip
    return True


def _refuse_taken(email: str) -> None:
    if email and User.objects.filter(email=email.lower()).exists():
        raise AddressTaken


@transaction.atomic
def take_role(*, membership: Membership, actor: str, now: datetime) -> None:
    """End one role of a user. Raises LastAdministrator where nobody else could give it back."""
    # Two who end each other's role at the same time wait for one another here.
    agency = Agency.objects.select_for_update().get(pk=membership.agency_id)
    if not Membership.objects.filter(pk=membership.pk).exists():
        return
    if membership.role == Role.ADMINISTRATOR:
        administrators = agency.memberships.filter(role=Role.ADMINISTRATOR, user__is_active=True)
        if not administrators.exclude(user=membership.user_id).exists():
            raise LastAdministrator
    record(
        actor=actor,
        action="role.take",
        subject=membership.user.username,
        agency=agency.code,
        detail={"role": membership.role},
        now=now,
    )
    membership.delete()


@transaction.atomic
def lift_sign_in(*, user: User, agency: Agency, actor: str, now: datetime) -> int:
    """Forget the wrong passwords of a user, wherever they were typed; how many there were."""
    lifted = _forget_guesses(user)
    record(
        actor=actor, action="user.lift_sign_in", subject=user.username, agency=agency.code,
        detail={"wrong_passwords": lifted}, now=now,
    )  # fmt: skip
    return lifted


@transaction.atomic
def note_own_password(*, user: User, now: datetime) -> None:
    """A user has made a new password by the link in a mail: wrong ones before it count no more."""
    _forget_guesses(user)
    record(actor=user.username, action="user.own_password", subject=user.username, now=now)


def _forget_guesses(user: User) -> int:
    """Forget the wrong passwords of a user, by whatever name they were typed; how many there were."""
    names = sorted({user.username.lower(), user.email.lower()} - {""})
    return sum(lift(scopes=[STAFF], who=name) for name in names)


def _give_password(user: User, password: str) -> None:
    """A new password; the wrong ones before it count no more, so that it is let in at once."""
    user.set_password(password)
    User.objects.filter(pk=user.pk).update(password=user.password)
    _forget_guesses(user)


@transaction.atomic
def set_password(*, user: User, password: str, actor: str, now: datetime) -> None:
    """Give a user a new password by whoever runs the installation, for whatever agencies the user acts."""
    _give_password(user, password)
    record(actor=actor, action="user.password", subject=user.username, now=now)
