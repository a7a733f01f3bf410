"""A site's day by the operator's guide alone: a centre, a site, and whatever goes wrong between them.

Only commands and HTTP. One day is prepared and copied; each test plays a part of it.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import ssl
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from outside.agency import option
from outside.browser import lan_address
from outside.exam import Participant, hidden
from outside.installation import PASSWORD, Installation, words_of
from outside.site_day import (
    AT_CENTRE,
    IN_FIRST,
    SECOND,
    Day,
    Road,
    copied_day,
    loaded,
    make_day,
    minutes_text,
    one_line,
    opened,
    package_of,
    register_site,
    seat_of,
    staff,
)

pytestmark = pytest.mark.slow
HTML = (200, "text/html", b"<h1>Wi-Fi</h1>")
BUSY = (503, "text/plain", b"busy")
DECIDED_THERE = "dilaksanakan di sana"


@pytest.fixture(scope="module")
def prepared_day(prepared, tmp_path_factory):
    day = make_day(prepared, tmp_path_factory.mktemp("day"))
    yield day
    day.stop()


@pytest.fixture
def day(prepared_day, tmp_path):
    copy = copied_day(prepared_day, tmp_path)
    yield copy
    copy.stop()


# ---- the site is set up ----------------------------------------------------------------------


def test_the_site_is_set_up_by_the_guide(day):
    """A weak password is refused and makes nobody; the room can reach it at the address that was said,
    and at no name that was not; without portraits the desk goes on with a second officer; there is an
    administrator; a forgotten password is reset."""
    refused = staff(day.site, "lemah", "proctor", password="12345678", expect=2)
    assert "Kata sandi ditolak" in refused.stderr
    with lan_address() as address:
        day.site.host = "0.0.0.0"  # noqa: S104 - the room reaches it
        day.site.start("--workers", "1")
        said = one_line(day.site.said())
        assert f"http://{address}:{day.site.port}/" in said
        assert "Nama yang diterima:" in said
        assert "TLS: tidak" in said
        day.site.host = address

        stranger = httpx.get(
            f"{day.site.base}/akun/login/", headers={"Host": "lain.go.id"}, trust_env=False
        )
        assert (stranger.status_code, "CAKAP_HOSTS" in stranger.text) == (400, True)
        assert (
            day.site.visitor().fill("/akun/login/", login="lemah", password="12345678").status_code
            == 200
        )
        check_in_by_hand(day)
        assert "jaga" in words_of(day.room.sign_in("kepala").get("/pengguna/"))
        other = "kata-sandi-baru-91"
        day.site.run("password", "jaga", told=f"{other}\n{other}\n")
        assert day.site.sign_in("jaga", other).get("/ujian/sesi/").status_code == 200


def check_in_by_hand(day: Day) -> None:
    jaga, path = day.room.sign_in("jaga"), f"/ujian/kursi/{seat_of(day, 0)}/daftar/"
    alone = jaga.fill(path, reason="Tidak ada foto", second="", password="")
    assert alone.status_code == 400
    page = jaga.done(path, reason="Tidak ada foto", **SECOND)
    assert re.search(r"\d{6}", words_of(page))


@pytest.mark.long
def test_a_room_with_tls_is_promised_nothing_and_its_browser_trusts_the_site(day, tmp_path):
    """`cakap site tls`, then `cakap serve --tls`: the machines of the room trust the site's authority, no
    browser is told that this name must always have TLS, and Safe Exam Browser is told the authority."""
    assert "Sertifikat belum dibuat" in day.site.attempt("serve", "--tls").stderr
    assert "Sidik SHA-256" in day.site.run("site", "tls")
    authority = day.site.data / "tls" / "ca.pem"
    day.site.authority = authority
    day.site.start("--tls", "--workers", "1")
    answer = day.site.visitor().get("/akun/login/")
    assert answer.status_code == 200
    assert "strict-transport-security" not in answer.headers
    assert agreed_protocol(day.site.base, authority) != "h2", "its cookies came one by one"
    jaga = day.site.sign_in("jaga")
    console = words_of(jaga.get(f"/ujian/sesi/{day.other}/"))
    code = re.search(r"kata sandi berkas konfigurasi (\w+)", console)
    assert code
    file = jaga.get(f"/ujian/sesi/{day.other}/sesi.seb").content
    assert trusted_by(file, code[1]) == authority.read_text().split("-----")[2].replace("\n", "")


def agreed_protocol(base: str, authority: Path) -> str | None:
    """Which HTTP a browser that knows both would speak there."""
    where = urlsplit(base)
    context = ssl.create_default_context(cafile=str(authority))
    context.set_alpn_protocols(["h2", "http/1.1"])
    plain = socket.create_connection((where.hostname, where.port), timeout=20)
    with context.wrap_socket(plain, server_hostname=where.hostname) as spoken:
        return spoken.selected_alpn_protocol()


def trusted_by(file: bytes, password: str) -> str:
    """The certificate authority in a .seb file, opened with its password as SEB does (RNCryptor 3)."""
    import gzip
    import plistlib
    from hashlib import pbkdf2_hmac

    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES256
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    body = gzip.decompress(file).removeprefix(b"pswd")
    key = pbkdf2_hmac("sha1", password.encode(), body[2:10], 10_000, 32)
    opener = Cipher(AES256(key), CBC(body[18:34])).decryptor()
    padded = opener.update(body[34:-32]) + opener.finalize()
    told = plistlib.loads(gzip.decompress(padded[: -padded[-1]]))
    (trusted,) = told["embeddedCertificates"]
    assert trusted["type"] == 2
    return trusted["certificateDataBase64"]


# ---- the exam, and what the centre hears of it -----------------------------------------------


def test_the_day_of_a_session_reaches_the_centre_whole(day):
    """What is decided at the site reaches the centre, which decides nothing meanwhile; nothing is scored
    while records are missing without a decision that names them; minutes and results count alike."""
    day.centre.start("--workers", "1")
    day.site.start("--workers", "1")
    people = begin_all(day)
    decide_at_the_site(day, people)
    a_captive_portal_is_said(day)
    assert day.send().returncode == 0
    the_centre_decides_nothing(day)
    a_clock_that_was_ahead_is_said_and_blocks_nothing(day)
    missing_records_are_named_before_anything_is_scored(day, people)
    close_at_the_site(day)
    both_count_alike(day)


def begin_all(day: Day) -> list[Participant]:
    """Five of six come; the last stays away."""
    room = opened(day)
    people = [Participant(room, number) for number in range(5)]
    for person in people:
        person.answer(person.items[0], "b")
    people[0].answer(people[0].items[1], "b")
    assert people[0].submit().status_code == 200
    return people


def decide_at_the_site(day: Day, people: list[Participant]) -> None:
    """Time given, an answer of an earlier machine accepted, seats exchanged, somebody removed; an
    accommodation and a new seat are the centre's to give."""
    jaga = day.room.sign_in("jaga")
    jaga.done(f"/ujian/kursi/{seat_of(day, 1)}/waktu/", minutes=10, reason="Terlambat masuk")
    evidence_is_accepted(day, people[2])
    jaga.done(f"/ujian/kursi/{seat_of(day, 4)}/keluarkan/", reason="Bukan orangnya", **SECOND)
    jaga.done(f"/ujian/kursi/{seat_of(day, 3)}/tukar/", number=8, reason="Meja rusak")
    page = jaga.get(f"/program/{day.agency.programme}/peserta/")
    own = re.findall(r"/program/peserta/(\d+)/penyesuaian/", page.text)
    refused = jaga.fill(f"/program/peserta/{own[0]}/penyesuaian/", extra_percent=25, reason="x")
    assert refused.status_code == 409
    assert "diubah di pusat" in words_of(refused)


def evidence_is_accepted(day: Day, person: Participant) -> None:
    """Its receipt's code changes, which the minutes say."""
    seat = seat_of(day, 2)
    jaga = day.room.sign_in("jaga")
    jaga.done(f"/ujian/kursi/{seat}/pindah/")
    Participant(day.room, 2, begin=False)
    assert person.answer(person.items[1], "a").status_code == 409
    path = f"/ujian/kursi/{seat}/bukti/"
    (stray,) = re.findall(r'name="strays" value="(\d+)"', jaga.get(path).text)
    jaga.done(path, strays=stray, accepted="yes", reason="Jaringan putus", **SECOND)
    assert "Kode tanda terima berubah dari" in words_of(jaga.get(f"/ujian/kursi/{seat}/"))


def a_captive_portal_is_said(day: Day) -> None:
    """200 with a page is no centre: said, no traceback, tried again; "cannot be reached" is another thing."""
    with Road(day.centre.base, lets=0, instead=HTML) as road:
        done = day.send(to=road.base)
    assert done.returncode == 1
    assert "bukan pusat cakap, melainkan halaman masuk jaringan ini" in one_line(done.stderr)
    assert "Traceback" not in done.stderr
    assert "tidak terjangkau" not in done.stderr
    assert "tidak terjangkau" in one_line(day.send(to=road.base).stderr)


def the_centre_decides_nothing(day: Day) -> None:
    """Free, pause, give time, check in, evidence, resume, close, open: refused there, and nothing changes."""
    before = day.console()
    proctor = day.agency.sign_in("proctor")
    seat, session = f"/ujian/kursi/{seat_of(day, 1)}", f"/ujian/sesi/{day.session}"
    close = hidden(proctor.get(f"{session}/tutup/"))
    answers = [
        proctor.fill(f"{seat}/pindah/"),
        proctor.fill(f"{seat}/lanjut/"),
        proctor.fill(f"{seat}/jeda/", reason="x"),
        proctor.fill(f"{seat}/waktu/", minutes=5, reason="x"),
        proctor.fill(f"/ujian/kursi/{seat_of(day, 3)}/daftar/", reason="x", **AT_CENTRE),
        proctor.fill(f"{seat}/tukar/", number=5, reason="x"),
        proctor.fill(f"{seat}/keluarkan/", reason="x", **AT_CENTRE),
        proctor.fill(f"{session}/lanjut/"),
        proctor.fill(f"{session}/buka/", asked="999"),
        proctor.fill(f"{session}/jeda/", reason="x"),
        proctor.fill(f"{session}/kejadian/", text="x"),
        proctor.fill(f"{session}/tutup/", **close),
        proctor.fill(f"{session}/terlambat/", counts="yes", reason="x", since="2026-01-01T00:00:00",
                     until="2026-01-01T01:00:00", **AT_CENTRE),
    ]  # fmt: skip
    assert {one.status_code for one in answers} == {409}, [words_of(one) for one in answers]
    assert all(DECIDED_THERE in words_of(one) for one in answers)
    assert day.console() == before


def a_clock_that_was_ahead_is_said_and_blocks_nothing(day: Day) -> None:
    """Eight hours ahead at one send: said at the site and on the console; the next sends count."""
    done = day.send(prefix=("faketime", "-f", "+8h"))
    assert "Jam situs 8 jam" in one_line(done.stderr)
    assert "lebih cepat daripada jam pusat" in day.console()
    assert day.send().returncode == 0
    assert "lebih cepat" not in day.console()


def missing_records_are_named_before_anything_is_scored(
    day: Day, people: list[Participant]
) -> None:
    """The head comes through, the records do not: scoring is refused and names them by seat, also after
    the package was taken back; two people may decide; only what is missing is sent, once the site has a
    package again; then the rest is here and the decision is spent."""
    for person in people[1:2]:
        for item in person.items[1:4]:
            assert person.answer(item, "b").status_code == 200
    with Road(day.centre.base, lets=1, instead=BUSY) as road:
        done = day.send(to=road.base)
    assert done.returncode == 1
    assert "sedang tidak dapat menerima (503)" in one_line(done.stderr)
    operator, scored = (
        day.agency.sign_in("operator"),
        f"/hasil/program/{day.agency.programme}/skor/",
    )
    refused = operator.fill(scored)
    assert refused.status_code == 409
    assert "kursi 2 kurang 3 catatan" in words_of(refused)
    page = f"/ujian/situs/sesi/{day.session}"
    assert "tidak memutuskan catatan yang kurang" in words_of(operator.get(f"{page}/tarik/"))
    operator.done(f"{page}/tarik/", reason="Komputer hilang", **AT_CENTRE)
    refused = operator.fill(scored)
    assert refused.status_code == 409
    assert "di situs Lebak: kursi 2 kurang 3 catatan" in words_of(refused)
    assert f'href="{page}/kurang/"' in operator.get(f"{page}/").text
    path = f"{page}/kurang/"
    assert operator.fill(path, reason="x", second="operator", password=PASSWORD).status_code == 200
    assert "kursi 2: 3" in words_of(operator.get(path))
    operator.done(path, reason="Komputer hilang", **AT_CENTRE)
    assert operator.fill(scored).status_code == 302
    assert "telah ditarik" in one_line(day.send().stderr)
    day.load(day.session)
    sent = json.loads(day.send("--json").stdout)
    assert (sent["sent"], sent["missing"]) == (3, 0)
    assert "kurang 3 catatan" not in words_of(
        operator.get(f"/hasil/program/{day.agency.programme}/")
    )
    assert json.loads(day.send("--json").stdout)["sent"] == 0


def close_at_the_site(day: Day) -> None:
    """Closing ends every attempt in it, also of those who never pressed finish."""
    jaga, path = day.room.sign_in("jaga"), f"/ujian/sesi/{day.session}/tutup/"
    jaga.done(path, **hidden(jaga.get(path)))
    assert json.loads(day.send("--json").stdout)["missing"] == 0


def both_count_alike(day: Day) -> None:
    """Site and centre: the same minutes, the same seats, the same evidence; results count the same ends."""
    there = minutes_text(day.room, day.session, "jaga")
    here = minutes_text(day.agency, day.session, "proctor")
    for words in (
        "Berakhir (dinilai) 4", "Mulai mengerjakan 5", "di antaranya menekan selesai 1",
        "Kode tanda terima berubah", "(tidak dihitung) 0 Halaman", "Bukan orangnya", "Meja rusak",
        re.search(r"Kode isi log jawaban: (\w+)", there)[0],
    ):  # fmt: skip
        assert words in there, words
        assert words in here, words
    counted = words_of(
        day.agency.sign_in("operator").get(f"/hasil/program/{day.agency.programme}/")
    )
    assert re.search(r"(Selesai|selesai)\D*4\b", counted), counted
    seat = day.agency.sign_in("proctor").get(f"/ujian/kursi/{seat_of(day, 2)}/bukti/")
    assert "diterima" in words_of(seat)
    assert "Tidak ada yang menunggu keputusan" in words_of(seat)
    moved = words_of(day.agency.sign_in("proctor").get(f"/ujian/kursi/{seat_of(day, 4)}/"))
    assert moved.startswith("Kursi 8") or "Kursi 8 ·" in moved


# ---- the package ------------------------------------------------------------------------------


@pytest.mark.long
def test_a_package_for_the_wrong_site_is_withdrawn_and_made_again(day, tmp_path):
    """By two people, after what was heard is shown; the wrong site is heard no more, which stops no other
    session; a machine in place of a broken one takes the package; the older one is refused there."""
    day.centre.start("--workers", "1")
    right = Installation(tmp_path / "right")
    right.run("init")
    register_site(day.agency, right, "Serang")
    operator, pack = day.agency.sign_in("operator"), f"/ujian/sesi/{day.session}/situs/"
    assert 'href="/ujian/sesi/"' in operator.get("/program/").text, "Pengawasan, as the guide says"
    assert 'href="/ujian/situs/"' in operator.get("/ujian/sesi/").text
    path = f"/ujian/situs/sesi/{day.session}/tarik/"
    wrong = operator.fill(pack, site=option(operator.get(pack), "site", "Serang"))
    assert (wrong.status_code, "Tarik dahulu paket itu" in words_of(wrong)) == (409, True)
    assert "0 peserta, 0 catatan jawaban" in words_of(operator.get(path))
    assert operator.fill(path, reason="Salah situs", second="", password="").status_code == 200
    assert (
        operator.fill(path, reason="Salah", second="operator", password=PASSWORD).status_code == 200
    )
    page = operator.done(path, reason="Salah situs", **AT_CENTRE)
    assert "Salah situs (operator, second)" in words_of(page)

    loaded(right, package_of(day.agency, day.session, "Serang"), day.agency)
    done = day.send("--json")
    (answer,) = [json.loads(done.stdout)]
    assert done.returncode == 1
    assert list(answer["troubles"]) == [str(day.session)]
    assert "telah ditarik oleh pusat" in one_line(done.stderr)
    assert re.search(r"Terdengar (?!–)", day.told(day.other)), "the other session was heard"
    assert right.attempt("site", "send", "--to", day.centre.base).returncode == 0


@pytest.mark.long
def test_what_changes_on_either_side_after_packing_is_said_and_meets_at_the_second_load(day):
    """Postponed at the site: it reaches the centre, and a second load keeps it. An accommodation and a new
    participant at the centre: said on its console; they travel with the second load. The centre does not
    postpone what is at a site."""
    day.centre.start("--workers", "1")
    day.site.start("--workers", "1")
    jaga, later_on = day.room.sign_in("jaga"), datetime.now(UTC) + timedelta(hours=30)
    local = f"{later_on + timedelta(hours=7):%Y-%m-%dT%H:%M:00}"
    page = jaga.done(f"/ujian/sesi/{day.other}/tunda/", starts_at=local, reason="Banjir")
    new_time = f"{later_on + timedelta(hours=7):%H.%M}"
    assert new_time in words_of(page)
    assert day.send().returncode == 0
    assert new_time in day.console(day.other)
    refused = day.agency.sign_in("proctor").fill(
        f"/ujian/sesi/{day.other}/tunda/", starts_at=local, reason="x"
    )
    assert (refused.status_code, DECIDED_THERE in words_of(refused)) == (409, True)

    give_an_accommodation_and_a_seat(day)
    assert "Berubah di pusat sesudah dipaket: peserta, penghuni kursi, penyesuaian." in day.console(
        day.other
    )
    assert "Sesi" in day.load(day.other)
    assert day.send().returncode == 0
    assert "Berubah di pusat" not in day.console(day.other)
    there = words_of(jaga.get(f"/ujian/sesi/{day.other}/"))
    assert new_time in there
    assert "Orang 000" in there
    assert "penyesuaian" in there


def give_an_accommodation_and_a_seat(day: Day) -> None:
    """To a participant of the second session, and a seat there to somebody of the first."""
    operator = day.agency.sign_in("operator")
    page = operator.get(f"/program/{day.agency.programme}/peserta/").text
    people = re.findall(r"/program/peserta/(\d+)/penyesuaian/", page)
    ordered = sorted(set(people), key=int)
    last, first = ordered[IN_FIRST], ordered[0]
    operator.done(f"/program/peserta/{last}/penyesuaian/", extra_percent=25, reason="Tunanetra")
    operator.done(f"/program/peserta/{first}/kursi/", session=day.other)


@pytest.mark.long
def test_a_log_carried_by_hand_is_taken_whole_or_not_at_all(day, tmp_path):
    """A file that was cut changes nothing at all; the same file whole is taken, and twice is no news."""
    day.centre.start("--workers", "1")
    file = tmp_path / "log.cakap-log"
    day.site.run("site", "export", file)
    whole, before = file.read_bytes(), (day.told(), day.told(day.other))
    operator, path = day.agency.sign_in("operator"), "/ujian/situs/log/berkas/"
    for cut in (
        whole[:-200],
        whole[: len(whole) // 2],
        b"\n".join(whole.splitlines()[:-1]) + b"\n",
    ):
        answer = operator.fill(path, files={"file": ("log", cut)})
        assert answer.status_code == 400
        assert (day.told(), day.told(day.other)) == before
    for _ in range(2):
        page = operator.done(path, files={"file": ("log", whole)})
        assert f"Log sesi {day.session} diterima; 0 catatan belum sampai." in words_of(page)


# ---- the power of the site ---------------------------------------------------------------------

CUT = 180  # seconds


@pytest.mark.long
def test_a_power_cut_begins_for_everybody_at_the_last_sign_of_life_before_it(day):
    """The whole site off at once. One browser comes back first, another later: what is offered to be given
    back begins at the last sign of life before the cut for all of them, and the minutes name the cut."""
    day.site.environment["CAKAP_TIME_ZONE"] = morning_zone()
    day.site.start("--workers", "1")
    room = opened(day)
    people = [Participant(room, number) for number in range(3)]
    for person in people:
        assert person.answer(person.items[0], "b").status_code == 200
    alive = datetime.now(UTC)
    left = people[0].post("/ujian/detak", {}).json()["seconds_left"]
    day.site.stop(signal.SIGKILL)
    day.site.start("--workers", "1", prefix=("faketime", "-f", f"+{CUT}s"))
    assert people[0].post("/ujian/detak", {}).status_code == 200
    jaga = confirm_the_clock(day)
    assert people[0].answer(people[0].items[1], "b").status_code == 200
    for person in people[1:]:
        assert person.answer(person.items[1], "b").status_code == 200

    path = f"/ujian/sesi/{day.session}/kembalikan/"
    since = field_of(jaga.get(path).text, "since")
    until = field_of(jaga.get(path).text, "until")
    zone = timedelta(hours=int(re.search(r"[+-]\d+", morning_zone())[0]) * -1)
    begun = datetime.fromisoformat(since).replace(tzinfo=UTC) - zone
    assert abs((begun - alive).total_seconds()) < 20
    page = jaga.done(path, since=since, until=until, reason="Listrik padam")
    assert "dikembalikan kepada semua peserta ruang ini" in words_of(page)
    now_left = people[1].post("/ujian/detak", {}).json()["seconds_left"]
    assert left - now_left < 90, "none of the cut was anybody's time"
    text = minutes_text(day.room, day.session, "jaga")
    assert "terputus semua" in text
    assert "Listrik padam" in text


def morning_zone() -> str:
    """A time zone in which it is between nine and ten: late outages are not continued."""
    hours = (9 - datetime.now(UTC).hour + 11) % 24 - 11
    return f"Etc/GMT{-hours:+d}"


def confirm_the_clock(day: Day):
    """After so long a gap a proctor compares the times, and says that the new one is right."""
    jaga = day.room.sign_in("jaga")
    if "Pastikan jam" in jaga.get("/ujian/jam/").text:
        jaga.done("/ujian/jam/", choice="new", reason="Sama dengan jam dinding")
    return jaga


def field_of(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', text)
    assert found, name
    return found[1]


# ---- records that contradict -------------------------------------------------------------------


@pytest.mark.long
def test_altered_receipt_times_are_noticed_and_settled_by_two_people(day):
    """Somebody changes when an answer came, in the site's database, after it was sent: the centre sees it
    when the session has been closed, scores nothing until two people have settled which record counts.
    Another answer of the same seat that is changed after that is seen too."""
    day.centre.start("--workers", "1")
    day.site.start("--workers", "1")
    person = Participant(opened(day), 0)
    assert person.answer(person.items[0], "b").status_code == 200
    assert person.answer(person.items[1], "b").status_code == 200
    assert day.send().returncode == 0
    day.site.stop()
    alter_a_receipt(day, 1)
    day.site.start("--workers", "1")
    close_at_the_site(day)

    assert "bertentangan" in day.console()
    operator, scored = (
        day.agency.sign_in("operator"),
        f"/hasil/program/{day.agency.programme}/skor/",
    )
    refused = operator.fill(scored)
    assert (refused.status_code, "1 catatan bertentangan" in words_of(refused)) == (409, True)
    page = operator.get(f"/ujian/situs/sesi/{day.session}/")
    assert "2026-01-01T01:02:03.000+00:00" in words_of(page)
    (path,) = re.findall(r'href="(/ujian/situs/bentrok/\d+/)"', page.text)
    alone = {"choice": "kept", "reason": "Jam asli", "second": "operator", "password": PASSWORD}
    assert operator.fill(path, **alone).status_code == 200
    operator.done(path, choice="kept", reason="Jam asli", **AT_CENTRE)
    assert operator.fill(scored).status_code == 302
    assert day.send().returncode == 0
    assert operator.fill(scored).status_code == 302, "a pair that was settled is no news"
    alter_a_receipt(day, 2)
    assert day.send().returncode == 0
    refused = operator.fill(scored)
    assert (refused.status_code, "1 catatan bertentangan" in words_of(refused)) == (409, True)


def alter_a_receipt(day: Day, seq: int) -> None:
    """In the site's database: when a record came."""
    with closing(sqlite3.connect(day.site.data / "cakap.sqlite3")) as database, database:
        database.execute(
            "UPDATE delivery_event SET received_at = '2026-01-01 01:02:03.000000' WHERE seq = ?",
            (seq,),
        )
