from __future__ import annotations

from django.urls import path

from cakap.results import views

app_name = "results"
urlpatterns = [
    path("", views.listing, name="list"),
    path("saya/", views.mine, name="mine"),
    path("saya/laporan.pdf", views.my_report, name="my_report"),
    path("program/<int:pk>/", views.programme, name="programme"),
    path("program/<int:pk>/skor/", views.score, name="score"),
    path(
        "program/<int:pk>/gambar/<str:kind>.svg", views.programme_picture, name="programme_picture"
    ),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/gambar.svg", views.picture_page, name="picture"),
    path("<int:pk>/laporan.pdf", views.report, name="report"),
]
