from __future__ import annotations

from django.urls import path

from cakap.registry import views

app_name = "registry"
urlpatterns = [
    path("", views.home, name="home"),
    path("unit/", views.units, name="units"),
    path("jabatan/", views.positions, name="positions"),
    path("jabatan/<int:pk>/", views.position, name="position"),
    path("standar/<int:pk>/tetapkan/", views.approve, name="approve"),
    path("pegawai/", views.employees, name="employees"),
    path("pegawai/<int:pk>/", views.employee, name="employee"),
    path("pegawai/<int:pk>/foto", views.portrait, name="portrait"),
    path("foto/", views.portraits, name="portraits"),
    path("kamus/", views.competencies, name="competencies"),
    path("impor/", views.upload, name="upload"),
    path("impor/jalankan/", views.confirm, name="confirm"),
    path("templat/<str:kind>.<str:form>", views.template, name="template"),
    path("ekspor/<str:kind>.<str:form>", views.export, name="export"),
]
