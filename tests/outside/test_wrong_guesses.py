"""Whoever guesses a PIN or a password is stopped, and nobody else is kept out."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import httpx
import pytest

from outside.agency import exam_in_progress
from outside.conftest import copied
from outside.exam import seats_of
from outside.front import front_of
from outside.installation import PASSWORD, words_of

pytestmark = pytest.mark.slow
IN, REFUSED, HELD = 302, (200, 403), 429


@pytest.fixture(scope="module")
def behind(prepared, tmp_path_factory):
    """The prepared exam, served by two processes behind a web server that tells addresses.

    The tests share it: each has addresses and people of its own.
    """
    agency = copied(prepared, tmp_path_factory.mktemp("behind"))
    agency.installation.start("--workers", "2", CAKAP_PROXY="yes")
    yield agency
    agency.installation.stop()


def wrong(pin: str, n: int = 1) -> str:
    return f"{(int(pin) + n) % 10**6:06d}"


def at(agency, address: str):
    """Somebody whose requests the web server says to come from this address."""
    return agency.installation.visitor(**{"X-Real-IP": address})


def enter(visitor, nip: str, pin: str) -> int:
    return visitor.fill("/ujian/", nip=nip, pin=pin).status_code


def login(visitor, name: str, password: str) -> httpx.Response:
    return visitor.fill("/akun/login/", login=name, password=password)


def test_wrong_pins_from_elsewhere_never_keep_the_right_one_out(behind):
    nip = behind.nips[0]
    guesser = at(behind, "10.9.9.9")
    codes = [enter(guesser, nip, wrong(behind.pin, n)) for n in range(1, 16)]

    assert codes[-1] == HELD
    assert enter(at(behind, "10.9.9.9"), nip, behind.pin) == HELD
    assert enter(at(behind, "10.1.0.7"), nip, behind.pin) == IN


def test_sixty_guesses_at_once_over_six_people_are_mostly_refused(behind):
    def guess(number):
        client = at(behind, "10.9.9.8")
        return enter(client, behind.nips[number % 6 + 1], wrong(behind.pin, number + 1))

    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(guess, range(60)))

    assert codes.count(HELD) >= 36
    assert set(codes) <= {HELD, *REFUSED}
    # The right PIN gives nothing away there any more, and works from the room.
    assert {enter(at(behind, "10.9.9.8"), behind.nips[n], behind.pin) for n in range(1, 7)} == {
        HELD
    }
    assert enter(at(behind, "10.1.0.1"), behind.nips[1], behind.pin) == IN


def test_ten_who_mistype_do_not_lock_a_room_behind_one_address(behind):
    for nip, n in product(behind.nips[:10], (1, 2, 3)):
        enter(at(behind, "203.0.113.5"), nip, wrong(behind.pin, n))

    codes = [enter(at(behind, "203.0.113.5"), nip, behind.pin) for nip in behind.nips[10:]]
    assert codes == [IN, IN]


def test_a_right_pin_forgets_the_wrong_ones_before_it(behind):
    nip, client = behind.nips[2], at(behind, "10.1.0.17")
    for n in range(1, 5):
        enter(client, nip, wrong(behind.pin, n))
    assert enter(client, nip, behind.pin) == IN

    proctor = behind.sign_in("proctor")
    assert "10.1.0.17" not in words_of(proctor.get(f"/ujian/sesi/{behind.session}/"))


def test_the_proctor_sees_who_is_held_and_lets_them_in(behind):
    nip = behind.nips[3]
    for n in range(1, 9):
        enter(at(behind, "10.1.0.18"), nip, wrong(behind.pin, n))
    assert enter(at(behind, "10.1.0.18"), nip, behind.pin) == HELD

    proctor = behind.sign_in("proctor")
    seat = seats_of(behind, proctor)[3]
    assert "ditahan sampai" in words_of(proctor.get(f"/ujian/sesi/{behind.session}/"))
    assert "10.1.0.18" in words_of(proctor.get(f"/ujian/kursi/{seat}/"))
    proctor.done(f"/ujian/kursi/{seat}/salah-pin/lepas/")

    assert enter(at(behind, "10.1.0.18"), nip, behind.pin) == IN
    assert "session.lift_locks" in behind.sign_in("auditor").get("/audit/").text


@pytest.mark.long
def test_whoever_is_outside_the_room_is_refused_before_the_pin_is_looked_at(empty):
    empty.environment["CAKAP_PROXY"] = "yes"
    agency = exam_in_progress(empty, people=3, networks="10.1.0.0/24")
    nip = agency.nips[0]
    outside, other = at(agency, "10.2.0.9"), at(agency, "10.2.0.10")

    right = outside.fill("/ujian/", nip=nip, pin=agency.pin)
    guess = other.fill("/ujian/", nip=nip, pin=wrong(agency.pin))
    assert (right.status_code, words_of(right)) == (guess.status_code, words_of(guess))
    assert "jaringan ruang ujian" in words_of(right)
    for number in range(40):
        enter(outside, nip, wrong(agency.pin, number))
    assert enter(at(agency, "10.1.0.4"), nip, agency.pin) == IN


def test_a_header_counts_only_where_our_own_web_server_writes_it(agency):
    nip = agency.nips[0]
    codes = [
        enter(at(agency, f"10.7.0.{n}"), nip, wrong(agency.pin, n)) for n in range(1, 12)
    ]  # one client that forges another address for every guess

    assert codes[-1] == HELD


def test_behind_the_shipped_web_server_everybody_has_an_address_of_their_own(behind, tmp_path):
    agency = behind
    with front_of(agency.installation, tmp_path) as front:
        for n in range(1, 12):
            forged = {"X-Real-IP": f"10.0.0.{n}", "X-Forwarded-For": f"10.0.0.{n}"}
            last = enter(front.visitor("127.0.0.2", **forged), agency.nips[7], wrong(agency.pin, n))
        assert last == HELD
        assert enter(front.visitor("127.0.0.3"), agency.nips[7], agency.pin) == IN
        for n in range(40):
            answer = login(front.visitor("127.0.0.2"), f"operator{n % 8}", f"salah-{n}")
        assert "Terlalu banyak" in words_of(answer)
        assert login(front.visitor("127.0.0.3"), "operator", PASSWORD).status_code == IN
        assert login(front.visitor("127.0.0.2"), "operator", PASSWORD).status_code == IN


def test_a_guesser_locks_neither_a_colleague_nor_an_office(behind):
    office = "203.0.113.5"
    known = at(behind, office)
    assert login(known, "operator", PASSWORD).status_code == IN
    known.fill("/akun/logout/")
    for n in range(60):
        login(at(behind, office), "operator", f"salah-{n}")
        login(at(behind, office), "proctor", f"salah-{n}")

    held = login(at(behind, office), "operator", PASSWORD)
    assert "Terlalu banyak" in words_of(held)
    # Where the operator works every day, from elsewhere, and everybody else in the office:
    assert login(known, "operator", PASSWORD).status_code == IN
    assert login(at(behind, "10.3.0.1"), "operator", PASSWORD).status_code == IN
    assert login(at(behind, office), "psychometrician", PASSWORD).status_code == IN


def test_the_administrator_lets_somebody_in_who_is_held(behind):
    for n in range(7):
        login(at(behind, "10.3.0.1"), "second", f"salah-{n}")
    assert login(at(behind, "10.3.0.1"), "second", PASSWORD).status_code != IN

    admin = behind.sign_in("admin")
    page = admin.get("/pengguna/tertahan/")
    assert "ditahan sampai" in words_of(page)
    (row,) = [row for row in page.text.split("<tr>") if "<td>second</td><td>10.3.0.1" in row]
    admin.done(re.findall(r'action="(/pengguna/\d+/lepas/)"', row)[0])

    assert login(at(behind, "10.3.0.1"), "second", PASSWORD).status_code == IN


def test_a_second_officers_password_cannot_be_guessed_at_the_desk(behind):
    proctor = behind.sign_in("proctor")
    seat = seats_of(behind, proctor)[8]
    told = {"reason": "tanpa foto", "second": "second"}
    for n in range(8):
        proctor.fill(f"/ujian/kursi/{seat}/daftar/", **told, password=f"salah-{n}")

    answer = proctor.fill(f"/ujian/kursi/{seat}/daftar/", **told, password=PASSWORD)
    assert answer.status_code == 200
    assert "Terlalu banyak" in words_of(answer)
