from __future__ import annotations

from django.urls import path

from cakap.scoring import views

app_name = "scoring"
urlpatterns = [
    path("", views.calibrations, name="calibrations"),
    path("jawaban/", views.from_answers, name="from_answers"),
    path("berkas/", views.from_file, name="from_file"),
    path("<int:pk>/", views.calibration, name="calibration"),
    path("<int:pk>/tetapkan/", views.adopt, name="adopt"),
    path("<int:pk>/gambar/<str:kind>.svg", views.picture, name="picture"),
    path("butir/<int:pk>/", views.item, name="item"),
    path("butir/<int:pk>/gambar/<str:kind>.svg", views.item_picture, name="item_picture"),
]
