from __future__ import annotations

from django.urls import path

from cakap.talent import views

app_name = "talent"
urlpatterns = [
    path("", views.map_page, name="map"),
    path("petakan/", views.make, name="make"),
    path("kotak/<int:number>/", views.box, name="box"),
    path("orang/<int:pk>/", views.person, name="person"),
]
