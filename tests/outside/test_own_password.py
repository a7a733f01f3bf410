"""One's own password: changed by whoever is signed in, and by mail only where mail is configured."""

from __future__ import annotations

import re
import socketserver
import threading
from email import message_from_bytes, policy

import pytest
from commands import wait_for

from outside.agency import make_agency
from outside.installation import PASSWORD, Installation, words_of

pytestmark = pytest.mark.slow
NEW = "kata-sandi-yang-baru-8"
UNUSED = ("signup/", "email/", "confirm-email/", "password/set/", "reauthenticate/")


class Sink(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Dialogue)
        self.mails: list[tuple[str, str]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def wait_for(self, many: int) -> None:
        wait_for("mail", lambda: len(self.mails) >= many)
        assert len(self.mails) == many


class Dialogue(socketserver.StreamRequestHandler):
    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 sink")
        to = ""
        while line := self.rfile.readline().decode().strip():
            word = line[:4].upper()
            if word == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
            if word == "DATA":
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                mail = message_from_bytes(b"".join(lines), policy=policy.default)
                self.server.mails.append((to, f"{mail['subject']}\n{mail.get_content()}"))
            self.say("221 bye" if word == "QUIT" else "250 ok")
            if word == "QUIT":
                return


def served(folder, **settings: str):
    """An agency whose operator has an address, served."""
    town = make_agency(Installation(folder / "data", **settings), people=1)
    town.installation.start("--workers", "1")
    town.sign_in("admin").done(
        "/pengguna/tambah/", username="op", name="Ibu Operator", email="Op.Satu@Kota.Example",
        password=PASSWORD, roles="operator",
    )  # fmt: skip
    return town.installation


def add(installation, name: str) -> None:
    installation.sign_in("admin").done(
        "/pengguna/tambah/", username=name, name=name, email=f"{name}@kota.example",
        password=PASSWORD, roles="operator",
    )  # fmt: skip


@pytest.fixture(scope="module")
def with_mail(tmp_path_factory):
    sink = Sink()
    installation = served(
        tmp_path_factory.mktemp("mail"), CAKAP_MAIL_HOST="127.0.0.1", CAKAP_MAIL_SECURITY="none",
        CAKAP_MAIL_PORT=str(sink.server_address[1]), CAKAP_MAIL_FROM="cakap@kota.example",
    )  # fmt: skip
    yield installation, sink
    installation.stop()
    sink.shutdown()


@pytest.fixture(scope="module")
def without_mail(tmp_path_factory):
    installation = served(tmp_path_factory.mktemp("plain"))
    yield installation
    installation.stop()


def test_a_forgotten_password_is_made_anew_by_a_link_that_works_once(with_mail):
    installation, sink = with_mail
    person = installation.visitor()
    assert "/akun/password/reset/" in person.get("/akun/login/").text
    known = words_of(person.done("/akun/password/reset/", email="op.satu@KOTA.example"))
    unknown = words_of(installation.visitor().done("/akun/password/reset/", email="x@kota.example"))
    assert known == unknown
    sink.wait_for(1)
    to, mail = sink.mails[0]
    assert to == "op.satu@kota.example"
    assert "kata sandi baru" in mail.lower()
    link = re.search(r"https?://[^/\s]+(/akun/password/reset/key/\S+)", mail)[1]

    page = person.get(link, follow_redirects=True)
    person.done(page.url.path, password1=NEW, password2=NEW)
    installation.sign_in("op", NEW)
    installation.sign_in("Op.Satu@kota.example", NEW)
    again = installation.visitor().get(link, follow_redirects=True)
    assert "tidak berlaku lagi" in words_of(again)


def test_an_address_is_set_by_the_administrator_and_by_command(with_mail):
    installation, sink = with_mail
    already = len(sink.mails)
    name = "Pemerintah Kota Contoh"
    said = installation.attempt(
        "agency", "KOTA", name, "--admin", "admin", "--admin-email", "Admin@Kota.Example"
    )
    assert "Surel admin: admin@kota.example" in said.stderr
    installation.run("agency", "KOTA", name, "--admin", "admin", "--admin-email", "x", expect=2)
    admin = installation.sign_in("ADMIN@kota.example")
    page = admin.get("/pengguna/").text
    (op,) = re.findall(r'"(/pengguna/\d+/surel/)"[^>]*>op', page)

    taken = admin.fill(op, email="admin@KOTA.example")
    assert taken.status_code == 409
    assert "sudah dipakai akun lain" in words_of(taken)
    admin.done(op, email="Operator@Kota.Example")
    for address in ("Operator@kota.example", "admin@kota.example"):
        installation.visitor().done("/akun/password/reset/", email=address)
    sink.wait_for(already + 2)
    assert [to for to, _mail in sink.mails[already:]] == [
        "operator@kota.example", "admin@kota.example"
    ]  # fmt: skip


def test_a_reset_by_mail_lets_in_whoever_was_held_for_wrong_guesses(with_mail):
    installation, sink = with_mail
    add(installation, "held")
    person, already = installation.visitor(), len(sink.mails)
    for n in range(6):
        held = person.fill("/akun/login/", login="held", password=f"salah-{n}")
    assert "Terlalu banyak" in words_of(held)
    person.done("/akun/password/reset/", email="held@kota.example")
    sink.wait_for(already + 1)
    link = re.search(r"(/akun/password/reset/key/\S+)", sink.mails[-1][1])[1]
    page = person.get(link, follow_redirects=True)
    person.done(page.url.path, password1=NEW, password2=NEW)

    assert person.fill("/akun/login/", login="held", password=NEW).status_code == 302


def test_a_reset_by_command_lets_in_whoever_was_held_for_wrong_guesses(with_mail):
    installation, _sink = with_mail
    add(installation, "forgot")
    person = installation.visitor()
    for n in range(6):
        held = person.fill("/akun/login/", login="forgot", password=f"salah-{n}")
    assert "Terlalu banyak" in words_of(held)
    installation.run("password", "forgot", told=f"{NEW}\n{NEW}\n")

    assert person.fill("/akun/login/", login="forgot", password=NEW).status_code == 302


def test_whoever_asks_for_too_many_mails_holds_up_nobody(with_mail):
    installation, sink = with_mail
    add(installation, "asked")
    already, client = len(sink.mails), installation.visitor()
    for _n in range(21):
        done = client.fill("/akun/password/reset/", email="asked@kota.example")
        assert done.status_code == 302
    sink.wait_for(already + 5)

    add(installation, "colleague")
    client.done("/akun/password/reset/", email="colleague@kota.example")
    sink.wait_for(already + 6)
    assert sink.mails[-1][0] == "colleague@kota.example"


def test_where_no_mail_is_configured_the_administrator_helps(without_mail):
    visitor = without_mail.visitor()
    assert visitor.get("/akun/password/reset/").status_code == 404
    page = visitor.get("/akun/login/")
    assert "password/reset" not in page.text
    assert "Administrator instansi Anda" in words_of(page)


def test_pages_that_are_not_used_are_not_there(without_mail):
    for visitor in (without_mail.visitor(), without_mail.sign_in("admin")):
        for page in UNUSED:
            assert visitor.get(f"/akun/{page}").status_code == 404, page


def test_one_changes_the_own_password_from_every_page(without_mail):
    person = without_mail.sign_in("op")
    assert 'href="/akun/password/change/"' in person.get("/").text
    page = person.get("/akun/password/change/")
    assert "Kata sandi sekarang" in words_of(page)
    wrong = person.fill("/akun/password/change/", oldpassword="x", password1=NEW, password2=NEW)
    assert wrong.status_code == 200
    person.done("/akun/password/change/", oldpassword=PASSWORD, password1=NEW, password2=NEW)
    without_mail.sign_in("op", NEW)
    assert without_mail.visitor().get("/akun/password/change/").status_code == 302
