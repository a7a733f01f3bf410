from __future__ import annotations

from django.urls import path

from cakap.accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.members, name="members"),
    path("tambah/", views.add, name="add"),
    path("<int:pk>/akhiri/", views.take, name="take"),
    path("<int:pk>/kata-sandi/", views.password, name="password"),
    path("<int:pk>/surel/", views.address, name="address"),
    path("tertahan/", views.held, name="held"),
    path("<int:pk>/lepas/", views.lift, name="lift"),
    path("ganti-instansi/", views.switch, name="switch"),
]
