"""From where and with what a session may be worked at. Checked on every request, not at the door alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import parse_cookie

from cakap.delivery.errors import OtherBrowser, WrongPlace
from cakap.delivery.seb import (
    config_key,
    exam_keys_of,
    page_proof,
    proves,
    proves_one,
    settings_of,
)
from cakap.errors import Refused
from cakap.programmes.models import Session
from cakap.programmes.places import is_inside, workstations_of

ENTRANCE = "/ujian/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Where a request comes from. proof, exam_proof: the headers of Safe Exam Browser for its Config
    Key and its Browser Exam Key; url: as the browser has it; cookies: the header as it came."""

    address: str = ""
    agent: str = ""
    proof: str = ""
    exam_proof: str = ""
    url: str = ""
    cookies: str = ""

    @property
    def csrf_cookie(self) -> str:
        """The browser's CSRF cookie, one value a browser; empty without it."""
        return parse_cookie(self.cookies).get(settings.CSRF_COOKIE_NAME, "")


NOWHERE = Caller()


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """What a session asks of a caller: a network of its room, the browser of its configuration."""

    networks: str = ""
    quit_code: str = ""
    exam_keys: str = ""

    def refusal(self, caller: Caller) -> Refused | None:
        """Why this caller is not let in, if so."""
        if self.networks and not is_inside(self.networks, caller.address):
            return WrongPlace()
        if self.quit_code and not self._is_our_browser(caller):
            return OtherBrowser()
        return None

    def _is_our_browser(self, caller: Caller) -> bool:
        if self._proved(caller.proof, caller.exam_proof, caller.url):
            return True
        proof, exam_proof, page = page_proof(caller.cookies)
        is_ours = page.startswith(origin_of(caller.url) + ENTRANCE)
        return is_ours and self._proved(proof, exam_proof, page)

    def _proved(self, proof: str, exam_proof: str, url: str) -> bool:
        if not proves(proof, url, _key(origin_of(url), self.quit_code)):
            return False
        keys = exam_keys_of(self.exam_keys)
        return not keys or proves_one(exam_proof, url, keys)

    def admit(self, caller: Caller) -> None:
        """Raises the refusal of a caller who is not let in."""
        refusal = self.refusal(caller)
        if refusal:
            raise refusal


def door_of(session: Session) -> Door:
    """What a session asks of its callers."""
    return Door(
        networks=session.room.networks, quit_code=session.quit_code, exam_keys=session.exam_keys
    )


def origin_of(url: str) -> str:
    """Scheme and host of an address."""
    scheme, _, rest = url.partition("//")
    return f"{scheme}//{rest.partition('/')[0]}"


@lru_cache(maxsize=256)
def _key(origin: str, quit_code: str) -> str:
    return config_key(settings_of(origin + ENTRANCE, quit_code, settings.CAKAP_AUTHORITY))


def workstation_at(workstations: str, address: str) -> str:
    """The name of the machine at an address; empty where the room's list has none."""
    return workstations_of(workstations).get(address, "")
