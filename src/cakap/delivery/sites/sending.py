"""At a site: the log on its way to the centre, session by session; what goes wrong with one is said of it."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from django.utils import timezone

from cakap.delivery.models import LoadedPackage
from cakap.delivery.sites.carrying import told_sessions
from cakap.delivery.sites.clocks import clock_sentence
from cakap.delivery.sites.envelope import signed
from cakap.delivery.sites.identity import identity
from cakap.delivery.sites.log import events_after, head_of
from cakap.programmes.models import Session

ADDRESS = "/ujian/situs/log"
CUT_OFF = re.compile(
    "disconnected|closed connection"
)  # as httpx says of an answer that ended too soon
MOST_ROUNDS = 4  # of telling one session: what was worked meanwhile goes with the next sending


class NotSent(Exception):
    """A sending that did not succeed. is_final: sending the same again would be refused again."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        self.is_final = is_final
        super().__init__(sentence)


@dataclass(kw_only=True, slots=True)
class Sent:
    """What came of a sending: records sent, records missing at the centre, the clock, troubles by session."""

    sent: int = 0
    missing: int = 0
    clock_off: float | None = None
    troubles: dict[int, str] = field(default_factory=dict)

    @property
    def clock_sentence(self) -> str:
        """That our clock differs from the centre's, or nothing."""
        return clock_sentence(self.clock_off)


def clock_of(to: str) -> float | None:
    """Seconds by which our clock is ahead of the centre's; None where it does not answer."""
    try:
        answer = httpx.get(f"{to}/sehat/", timeout=20, trust_env=False)
        told = parsedate_to_datetime(answer.headers["Date"])
    except (httpx.HTTPError, httpx.InvalidURL, KeyError, ValueError):
        return None
    if answer.status_code != 200 or _object(answer).get("ok") is not True:
        return None  # whoever answers is not the centre, and its clock says nothing
    return (timezone.now() - told).total_seconds()


def send_all(to: str) -> Sent:
    """Tell the centre at this address of every session that was loaded here."""
    found, own = Sent(), identity()
    with httpx.Client(timeout=60, trust_env=False) as client:

        def tell(content: Any) -> dict[str, Any]:
            return _tell(client, to.rstrip("/") + ADDRESS, signed(content, own))

        for session in told_sessions():
            loaded = LoadedPackage.objects.filter(session=session)
            try:
                _send(session, tell, found)
                loaded.update(trouble="")
            except NotSent as trouble:
                found.troubles[session.pk] = str(trouble)
                loaded.update(trouble=str(trouble)[:500])
    return found


def _send(session: Session, tell: Callable[[Any], dict[str, Any]], found: Sent) -> None:
    """Tell a session until the centre has what is here: what differs shows only once nothing is missing."""
    answer, told_again = _tell_head(session, tell, found), set[int]()
    for _round in range(MOST_ROUNDS):
        held = {int(seat): runs for seat, runs in answer["ranges"].items()}
        again = set(answer["whole"]) - told_again
        sent = 0
        for part in events_after(session, held, whole=again):
            tell(part)
            sent += sum(map(len, part["seats"].values()))
        if not sent:
            break
        told_again |= again
        found.sent += sent
        answer = _tell_head(session, tell, found)
    found.missing += answer["missing"]


def _tell_head(
    session: Session, tell: Callable[[Any], dict[str, Any]], found: Sent
) -> dict[str, Any]:
    session.refresh_from_db()
    head = head_of(session, now=timezone.now())
    answer = tell(head)
    if answer["number"] > head["number"]:
        # This installation was put back to an earlier state: its next head is the newest again.
        LoadedPackage.objects.filter(session=session).update(heads=answer["number"])
        answer = tell(head_of(session, now=timezone.now()))
    now = timezone.now()
    found.clock_off = (now - datetime.fromisoformat(answer["now"])).total_seconds()
    LoadedPackage.objects.filter(session=session).update(clock_off=found.clock_off, told_at=now)
    return answer


def _tell(client: httpx.Client, address: str, content: bytes) -> dict[str, Any]:
    try:
        answer = client.post(address, content=content, headers={"Accept": "application/json"})
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as exc:
        message = f"Alamat pusat tidak benar: diharapkan misalnya https://pusat.go.id ({exc})."
        raise NotSent(message) from exc
    except httpx.RequestError as exc:
        raise NotSent(_why_not(exc)) from exc
    told = _object(answer)
    if answer.status_code == 200 and (
        "kept" in told or {"ranges", "missing", "now"} <= told.keys()
    ):
        return told
    if _is_portal(answer):
        raise NotSent(_portal(answer.url, str(answer.status_code)))
    if answer.has_redirect_location:
        message = (
            f"Alamat pusat dialihkan ke https://{answer.url.host}: pakailah alamat itu pada --to."
        )
        raise NotSent(message)
    if answer.status_code >= 500 or answer.status_code == 429:
        message = f"Pusat sedang tidak dapat menerima ({answer.status_code})."
        raise NotSent(message)
    if told.get("message") and answer.status_code >= 400:
        message = f"Pusat menolak: {told['message']}"
        raise NotSent(message, is_final=True)
    message = (
        f"Yang menjawab di {answer.url.host} bukan pusat cakap ({answer.status_code}). Mungkin jaringan "
        "ini meminta masuk lewat halamannya sendiri, atau alamatnya salah."
    )
    raise NotSent(message)


def _is_portal(answer: httpx.Response) -> bool:
    """Whether the network itself answered: a page in place of data, another host, or 511 (RFC 6585)."""
    if answer.has_redirect_location:
        return not _is_own_https(answer)
    is_page = "html" in answer.headers.get("Content-Type", "").lower()
    return answer.status_code == 511 or (answer.is_success and is_page)


def _is_own_https(answer: httpx.Response) -> bool:
    """Whether a redirection leads to the same host with TLS: the centre was named without its https."""
    try:
        to = answer.url.join(answer.headers["Location"])
    except httpx.InvalidURL:
        return False
    return (answer.url.scheme, to.scheme, to.host) == ("http", "https", answer.url.host)


def _portal(url: httpx.URL, what: str) -> str:
    return (
        f"Yang menjawab di {url.host} bukan pusat cakap, melainkan halaman masuk jaringan ini ({what}): "
        "masuklah ke jaringan itu dahulu."
    )


def _why_not(exc: httpx.RequestError) -> str:
    """What went wrong before there was an answer that can be read; unreachable is one thing of several."""
    if any(isinstance(one, ssl.SSLError) for one in _causes(exc)) or "CERTIFICATE" in str(exc):
        return (
            f"Yang menjawab tidak membuktikan diri sebagai pusat ({exc}). Mungkin jaringan ini meminta "
            "masuk lewat halamannya sendiri, atau jam komputer ini salah."
        )
    if isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout):
        return f"Pusat tidak terjangkau ({_reason(exc)})."
    if isinstance(exc, httpx.DecodingError):
        return _portal(exc.request.url, "jawaban rusak")
    if isinstance(exc, httpx.TimeoutException):
        return "Sambungan ke pusat ada, tetapi jawabannya tidak datang pada waktunya."
    if isinstance(exc, httpx.ProtocolError) and not CUT_OFF.search(str(exc)):
        return f"Yang menjawab di {exc.request.url.host} bukan pusat cakap: jawabannya bukan HTTP."
    return "Sambungan ke pusat putus sebelum jawabannya lengkap."


def _reason(exc: httpx.RequestError) -> str:
    """Why nothing was reached, in words where the system gives one of a few common reasons."""
    if isinstance(exc, httpx.TimeoutException):
        return "tidak menjawab pada waktunya"
    for one in _causes(exc):
        if isinstance(one, socket.gaierror):
            return "nama itu tidak dikenal di jaringan ini"
        if isinstance(one, ConnectionRefusedError):
            return "tidak ada yang melayani di alamat itu"
    return str(exc) or type(exc).__name__


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """An exception, what it came of, and so on."""
    found: BaseException | None = exc
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _object(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; an empty one for anything else."""
    try:
        told = answer.json()
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
