from __future__ import annotations

from django.urls import path

from cakap.itembank import views

app_name = "itembank"
urlpatterns = [
    path("", views.items, name="items"),
    path("butir/<int:pk>/", views.item, name="item"),
    path("butir/<int:pk>/pindah/", views.move, name="move"),
    path("tinjauan/", views.review, name="review"),
    path("tinjauan/pindah/", views.move_many, name="move_many"),
    path("impor/", views.upload, name="upload"),
    path("paket.zip", views.package, name="package"),
    path("berkas/<slug:digest>", views.asset, name="asset"),
    path("templat.csv", views.template, name="template"),
    path("formulir/", views.forms, name="forms"),
    path("formulir/susun/", views.build, name="build"),
    path("formulir/<int:pk>/", views.form, name="form"),
]
