from __future__ import annotations

from django.urls import path

from cakap.centre import views

app_name = "centre"
urlpatterns = [
    path("program/<int:pk>/", views.programme, name="programme"),
    path("program/<int:pk>/simulasi/", views.simulation, name="simulation"),
    path("program/<int:pk>/asesor/", views.assign_page, name="assign"),
    path("program/<int:pk>/impor/", views.ratings_file, name="ratings_file"),
    path("asesor/<int:pk>/tarik/", views.withdraw_page, name="withdraw"),
    path("peserta/<int:pk>/", views.participant, name="participant"),
    path("saya/", views.own, name="own"),
    path("saya/<int:pk>/", views.rate_page, name="rate"),
    path("saya/<int:pk>/ubah/<int:rating>/", views.correct_page, name="correct"),
    path("saya/<int:pk>/serahkan/", views.submit_page, name="submit"),
    path("saya/<int:pk>/buka-kembali/", views.reopen_page, name="reopen"),
    path("saya/<int:pk>/rapat/buka/", views.open_meeting_page, name="open_meeting"),
    path("saya/<int:pk>/rapat/", views.meeting, name="meeting"),
    path("saya/<int:pk>/rapat/<str:code>/", views.agree_page, name="agree"),
    path("saya/<int:pk>/tanda-tangan/", views.sign_page, name="sign"),
]
