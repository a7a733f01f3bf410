"""Every address of the site; each app keeps its own."""

from __future__ import annotations

from django.urls import include, path

from cakap.api.endpoints import api
from cakap.scoring import views as scoring
from cakap.web import views

own = [
    path("", views.home, name="home"),
    path("sehat/", views.health, name="health"),
    path("audit/", views.audit, name="audit"),
    path("audit/periksa/", views.chain, name="chain"),
    path("kebijakan/", views.policy, name="policy"),
    path("kebijakan/<str:key>/", views.rule, name="rule"),
    path("ujian/sesi/<int:pk>/skor/", scoring.live_scores_page, name="live_scores"),
    path("pekerjaan/<int:pk>/", views.job, name="job"),
]
urlpatterns = [
    path("", include((own, "web"))),
    path("akun/", include("cakap.accounts.own_urls")),
    path("bahasa/", include("django.conf.urls.i18n")),
    path("api/", api.urls),
    path("pengguna/", include("cakap.accounts.urls")),
    path("kepegawaian/", include("cakap.registry.urls")),
    path("bank-soal/", include("cakap.itembank.urls")),
    path("kalibrasi/", include("cakap.scoring.urls")),
    path("program/", include("cakap.programmes.urls")),
    path("ujian/", include("cakap.delivery.urls")),
    path("asesmen/", include("cakap.centre.urls")),
    path("hasil/", include("cakap.results.urls")),
    path("talenta/", include("cakap.talent.urls")),
    path("penempatan/", include("cakap.placement.urls")),
    path("seleksi/", include("cakap.selection.urls")),
]
handler400 = views.bad_request
