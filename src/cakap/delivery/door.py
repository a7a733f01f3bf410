"""From where and with what a session may be worked at. Checked on every request, not at the door alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cakap.delivery.errors import OtherBrowser, WrongPlace
from cakap.delivery.seb import config_key, proves, settings_of
from cakap.errors import Refused
from cakap.programmes.models import Session
from cakap.programmes.places import is_inside, workstations_of

ENTRANCE = "/ujian/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Where a request comes from. proof: the header of Safe Exam Browser; url: as the browser has it."""

    address: str = ""
    agent: str = ""
    proof: str = ""
    url: str = ""


NOWHERE = Caller()


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """What a session asks of a caller: a network of its room, the browser of its configuration."""

    networks: str = ""
    quit_code: str = ""

    def refusal(self, caller: Caller) -> Refused | None:
        """Why this caller is not let in, if so."""
        if self.networks and not is_inside(self.networks, caller.address):
            return WrongPlace()
        if self.quit_code and not proves(
            caller.proof, caller.url, _key(origin_of(caller.url), self.quit_code)
        ):
            return OtherBrowser()
        return None

    def admit(self, caller: Caller) -> None:
        """Raises the refusal of a caller who is not let in."""
        refusal = self.refusal(caller)
        if refusal:
            raise refusal


def door_of(session: Session) -> Door:
    """What a session asks of its callers."""
    return Door(networks=session.room.networks, quit_code=session.quit_code)


def origin_of(url: str) -> str:
    """Scheme and host of an address."""
    scheme, _, rest = url.partition("//")
    return f"{scheme}//{rest.partition('/')[0]}"


@lru_cache(maxsize=256)
def _key(origin: str, quit_code: str) -> str:
    return config_key(settings_of(origin + ENTRANCE, quit_code))


def workstation_at(workstations: str, address: str) -> str:
    """The name of the machine at an address; empty where the room's list has none."""
    return workstations_of(workstations).get(address, "")
