from __future__ import annotations

from django.urls import path

from cakap.programmes import views

app_name = "programmes"
urlpatterns = [
    path("", views.listing, name="list"),
    path("rencana/", views.plan, name="plan"),
    path("jatuh-tempo/", views.due_page, name="due"),
    path("ruang/", views.room, name="room"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/peserta/", views.participants, name="participants"),
    path("<int:pk>/peserta/aturan/", views.add_by_rule, name="add_by_rule"),
    path("<int:pk>/peserta/berkas/", views.add_by_file, name="add_by_file"),
    path("<int:pk>/sesi/", views.session, name="session"),
    path("<int:pk>/kursi/", views.seat, name="seat"),
    path("<int:pk>/tanpa-kursi/", views.unseated_page, name="unseated"),
    path("<int:pk>/undang/", views.invite_all, name="invite"),
    path("peserta/<int:pk>/undangan.pdf", views.letter, name="invitation"),
    path("peserta/<int:pk>/kursi/", views.seat_by_hand, name="seat_by_hand"),
    path("peserta/<int:pk>/penyesuaian/", views.accommodation, name="accommodation"),
]
