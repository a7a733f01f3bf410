from __future__ import annotations

from django.urls import path

from cakap.selection import views

app_name = "selection"
urlpatterns = [
    path("", views.public_page, name="public"),
    path("<int:pk>/", views.announcement, name="announcement"),
    path("<int:pk>/lamar/", views.apply_page, name="apply"),
    path("kelola/", views.manage, name="manage"),
    path("kelola/umumkan/", views.announce_page, name="announce"),
    path("kelola/tahap/", views.close_stage_page, name="close_stage"),
    path("kelola/<int:pk>/", views.detail, name="detail"),
    path("kelola/<int:pk>/periksa/", views.check, name="check"),
    path("kelola/lamaran/<int:pk>/nilai/", views.scores, name="scores"),
    path("kelola/<int:pk>/ajukan/", views.nominate_page, name="nominate"),
    path("kelola/<int:pk>/perpanjang/", views.extend_page, name="extend"),
    path("kelola/<int:pk>/batalkan/", views.cancel_page, name="cancel"),
    path("kelola/<int:pk>/putuskan/", views.decide_page, name="decide"),
]
