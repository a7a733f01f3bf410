"""Who is let in, from where, with what, and how the desk knows them."""

from __future__ import annotations

import io
import plistlib
import zipfile
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from world import NOW

from cakap.accounts.models import Role
from cakap.delivery.desk import check_in, registration_ends, seat_for
from cakap.delivery.door import Caller
from cakap.delivery.errors import (
    BadCheckIn,
    NoSuchSeat,
    NotCheckedIn,
    OtherBrowser,
    RegistrationClosed,
    WrongPlace,
)
from cakap.delivery.models import Attempt, CheckIn
from cakap.delivery.saving import Sending, save
from cakap.delivery.seb import config_key, configuration, proves, settings_of
from cakap.delivery.services import sign_in
from cakap.policy.models import Snapshot
from cakap.policy.services import override_rule
from cakap.programmes.models import Room, Session
from cakap.programmes.places import is_inside, networks_of, workstations_of
from cakap.registry.errors import BadPortrait
from cakap.registry.portraits import import_portraits

JPEG = b"\xff\xd8\xff\xe0" + b"0" * 60
BEFORE = NOW - timedelta(minutes=30)


@pytest.fixture
def seat(session):
    return session.seats.select_related("participant__employee").order_by("number")[0]


def enter(seat, session, **more):
    return sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=NOW, **more)


# ---- places ---------------------------------------------------------------------------------


def test_only_the_rooms_network_is_let_in_and_the_machine_is_named(session, seat):
    Room.objects.update(networks="10.1.0.0/24, 10.9.0.7", workstations="PC-01 10.1.0.11\n")
    session = Session.objects.select_related("room").get(pk=session.pk)
    with pytest.raises(WrongPlace):
        enter(seat, session, caller=Caller(address="192.168.0.5"))

    attempt = enter(seat, session, caller=Caller(address="10.1.0.11", agent="Chromium"))

    assert attempt.devices.get().workstation == "PC-01"
    Attempt.objects.filter(pk=attempt.pk).update(
        consented_at=NOW, begun_at=NOW, closes_at=NOW + timedelta(hours=1)
    )
    outside = Sending(
        attempt=attempt.pk, device=attempt.device, sent=(), caller=Caller(address="8.8.8.8")
    )
    assert [type(one) for one in save([outside], now=NOW)] == [WrongPlace], "on every request"


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [(networks_of, "10.1.0.0/24 x", "ditemukan x"), (workstations_of, "PC-01 10.0.0.1\nPC-02", "baris 2")],
)  # fmt: skip
def test_a_wrong_line_is_named(read, text, words):
    with pytest.raises(ValueError, match=words):
        read(text)


def test_no_network_is_anywhere_and_nonsense_is_nowhere():
    assert is_inside("", "1.2.3.4")
    assert is_inside("fd00::/8", "fd00::1")
    assert not is_inside("10.0.0.0/8", "nonsense")


# ---- Safe Exam Browser ----------------------------------------------------------------------


def test_the_config_key_is_of_the_settings_in_order_and_not_of_the_maker():
    """The steps of the SEB documentation, done by hand for a small configuration."""
    settings = {
        "originatorVersion": "x",
        "startURL": "https://a/ü",
        "AllowQuit": True,
        "list": [{"b": 1, "A": 2}],
    }
    plain = '{"AllowQuit":true,"list":[{"A":2,"b":1}],"startURL":"https://a/ü"}'

    assert config_key(settings) == sha256(plain.encode()).hexdigest()
    assert config_key({**settings, "originatorVersion": "y"}) == config_key(settings)


def test_the_configuration_names_the_authority_of_a_site_and_its_key_covers_it(tmp_path):
    from cakap.delivery.sites.certificates import make_certificates

    authority = make_certificates(tmp_path, names=["127.0.0.1"]).authority
    told = settings_of("https://127.0.0.1/ujian/", "s" * 16, authority)

    (trusted,) = plistlib.loads(configuration(told))["embeddedCertificates"]
    pem = "".join(authority.read_text().splitlines()[1:-1])
    assert (trusted["type"], trusted["certificateDataBase64"]) == (2, pem)
    assert config_key(told) != config_key(settings_of("https://127.0.0.1/ujian/", "s" * 16))


def test_only_our_configuration_opens_a_locked_session(client, session, seat):
    Session.objects.filter(pk=session.pk).update(quit_code="12345678")
    session.refresh_from_db()
    url = "http://testserver/ujian/"
    settings = settings_of(url, "12345678")
    data = {"nip": seat.participant.employee.nip, "pin": session.pin}
    assert plistlib.loads(configuration(settings))["startURL"] == url

    plain = client.post("/ujian/", data)
    other = client.post("/ujian/", data, headers={"X-SafeExamBrowser-ConfigKeyHash": "0" * 64})
    proof = sha256(f"{url}{config_key(settings)}".encode()).hexdigest()
    assert proves(proof, f"{url}#part", config_key(settings))
    right = client.post("/ujian/", data, headers={"X-SafeExamBrowser-ConfigKeyHash": proof})

    assert (plain.status_code, other.status_code, right.status_code) == (403, 403, 302)
    inside = client.get("/ujian/persetujuan/")
    assert inside.status_code == OtherBrowser.status, "checked again on every page"


def test_the_proctor_downloads_the_configuration(client, world, session):
    client.force_login(world.user(Role.PROCTOR))
    address = reverse("delivery:browser", args=[session.pk])
    assert client.get(address).status_code == 404
    Session.objects.filter(pk=session.pk).update(quit_code="12345678")

    answer = client.get(address)

    assert answer["Content-Type"] == "application/seb"
    assert plistlib.loads(answer.content)["sendBrowserExamKey"] is True


# ---- the desk -------------------------------------------------------------------------------


def portraits(seat, content=JPEG, name=None):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(f"{name or seat.participant.employee.nip}.jpg", content)
    employee = seat.participant.employee
    return import_portraits(
        agency=employee.agency, file="foto.zip", content=out.getvalue(), actor="o", now=NOW
    )


def test_a_face_compared_gives_a_pin_that_the_door_asks_for(session, seat):
    portraits(seat)
    assert seat_for(session, f"cakap:{seat.participant.employee.nip}") == seat
    row = check_in(seat=seat, picture=JPEG, by="pengawas", now=BEFORE)

    assert row.identity == "photo"
    assert check_in(seat=seat, picture=JPEG, by="lain", now=BEFORE).pin == row.pin
    with pytest.raises(NoSuchSeat):
        enter(seat, session)
    with pytest.raises(NoSuchSeat):
        enter(seat, session, registration="000000" if row.pin != "000000" else "000001")
    assert enter(seat, session, registration=row.pin)


def test_without_a_face_to_compare_two_people_sign_with_a_reason(seat):
    """18 September 2021: the face service failed nationwide; an hour's queue."""
    for words in ({}, {"reason": "Layanan wajah padam"}, {"reason": "x", "second": "pengawas"}):
        with pytest.raises(BadCheckIn):
            check_in(seat=seat, picture=JPEG, by="pengawas", now=BEFORE, **words)

    row = check_in(
        seat=seat, reason="Layanan wajah padam", second="operator", by="pengawas", now=BEFORE
    )

    assert (row.identity, row.second) == ("manual", "operator")
    with pytest.raises(IntegrityError), transaction.atomic():
        CheckIn.objects.filter(pk=row.pk).update(second="pengawas")


def test_the_desk_closes_before_the_start_by_policy(session, seat):
    portraits(seat)
    assert registration_ends(session) == session.starts_at - timedelta(minutes=5)

    with pytest.raises(RegistrationClosed):
        check_in(seat=seat, picture=JPEG, by="p", now=session.starts_at - timedelta(minutes=4))


def test_the_desk_of_a_site_closes_by_the_policy_that_came_with_the_programme(session):
    """At a site the agency has no values of its own."""
    kept = Snapshot.objects.get(digest=session.programme.policy_digest)
    content = {**kept.content, "sessions.registration_closes_minutes": 0}
    Snapshot.objects.filter(pk=kept.pk).update(content=content)
    assert registration_ends(session) == session.starts_at


def test_by_policy_nobody_enters_without_the_desk(world, seat, session):
    override_rule(
        agency=world.agency.code, key="sessions.registration_required", value=True, reason="BKN",
        since=NOW.date(), actor="admin", now=NOW,
    )  # fmt: skip
    programme = session.programme
    programme.policy_digest = ""
    from cakap.programmes.services import freeze_policy

    freeze_policy(programme=programme, now=NOW)

    with pytest.raises(NotCheckedIn):
        enter(seat, Session.objects.get(pk=session.pk))


@pytest.mark.parametrize(
    ("content", "name", "words"), [(b"<svg>", None, "JPEG"), (JPEG, "123", "diharapkan NIP")]
)
def test_a_wrong_picture_is_named_and_nothing_is_kept(seat, content, name, words):
    with pytest.raises(BadPortrait, match=words):
        portraits(seat, content, name)


def test_the_second_officer_signs_with_a_password(client, world, session, seat):
    coming = timezone.now() + timedelta(days=1)
    Session.objects.filter(pk=session.pk).update(
        starts_at=coming, ends_at=coming + timedelta(hours=1)
    )
    client.force_login(world.user(Role.PROCTOR))
    world.user(Role.OPERATOR)
    address = reverse("delivery:check_in", args=[seat.pk])
    told = {"reason": "Foto arsip tidak ada", "second": "a-operator"}

    wrong = client.post(address, {**told, "password": "salah"})
    assert "tidak cocok" in wrong.content.decode()
    assert not CheckIn.objects.exists()
    client.post(address, {**told, "password": "rahasia-sekali"})

    row = CheckIn.objects.get()
    assert (row.by, row.second, row.identity) == ("a-proctor", "a-operator", "manual")
    assert row.pin in client.get(address).content.decode()
