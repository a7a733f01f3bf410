"""The menu: what each role can reach, in the order of the chain."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Role
from cakap.registry.models import Employee

R = Role
OFFICE = (R.OPERATOR, R.TALENT_MANAGER, R.DECISION_MAKER, R.AUDITOR)
ENTRIES = (
    (_("Kepegawaian"), "registry:home", OFFICE),
    (_("Program"), "programmes:list", (R.OPERATOR, R.PROCTOR, R.AUDITOR, R.TALENT_MANAGER)),
    (_("Bank soal"), "itembank:items", (R.PSYCHOMETRICIAN,)),
    (_("Kalibrasi"), "scoring:calibrations", (R.PSYCHOMETRICIAN,)),
    (_("Pengawasan"), "delivery:sessions", (R.PROCTOR, R.OPERATOR)),
    (_("Penilaian asesor"), "centre:own", (R.ASSESSOR,)),
    (_("Hasil"), "results:list", OFFICE),
    (_("Hasil saya"), "results:mine", (R.PARTICIPANT,)),
    (_("Sembilan kotak"), "talent:map", (R.TALENT_MANAGER, R.DECISION_MAKER, R.AUDITOR)),
    (_("Rekomendasi"), "placement:posts", (R.TALENT_MANAGER, R.DECISION_MAKER, R.AUDITOR)),
    (_("Rencana rotasi"), "placement:plans", (R.TALENT_MANAGER, R.DECISION_MAKER, R.AUDITOR)),
    (_("Surat rekomendasi"), "placement:letters", (R.TALENT_MANAGER, R.DECISION_MAKER, R.AUDITOR)),
    (_("Minat jabatan saya"), "placement:own_wishes", (R.PARTICIPANT,)),
    (_("Seleksi terbuka"), "selection:manage", (R.OPERATOR, R.DECISION_MAKER, R.AUDITOR)),
    (_("Pengumuman"), "selection:public", ()),
    (_("Pengguna"), "accounts:members", (R.ADMINISTRATOR,)),
    (_("Kebijakan"), "web:policy", (R.ADMINISTRATOR, R.AUDITOR)),
    (_("Jejak audit"), "web:audit", (R.AUDITOR, R.ADMINISTRATOR)),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A line of the menu."""

    title: object
    url: str
    here: bool


def navigation(request: HttpRequest) -> dict[str, object]:
    """Context of every page: the menu, the agency acted for, whether its people are invented."""
    user = getattr(request, "user", None)
    held = user.roles() if user is not None and user.is_authenticated else frozenset()
    menu = [
        Entry(title=title, url=url, here=request.path.startswith(url))
        for title, name, roles in ENTRIES
        if not roles or held & set(roles)
        for url in [reverse(name)]
    ]
    agencies = list(user.agencies(Role)) if held and user is not None else []
    wanted = request.session.get("agency") if held else None
    acting = next((one for one in agencies if one.code == wanted), next(iter(agencies), None))
    synthetic = bool(acting) and Employee.objects.filter(agency=acting, synthetic=True).exists()
    return {"menu": menu, "acting": acting, "agencies": agencies, "synthetic_data": synthetic}
