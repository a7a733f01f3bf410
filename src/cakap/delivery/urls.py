from __future__ import annotations

from django.urls import path

from cakap.delivery.views import exam, participant, proctor

app_name = "delivery"
urlpatterns = [
    path("", participant.enter, name="enter"),
    path("persetujuan/", participant.consent, name="consent"),
    path("latihan/", participant.practice, name="practice"),
    path("mulai/", participant.start, name="start"),
    path("kerja/", participant.work, name="work"),
    path("tanda-terima/", participant.receipt_page, name="receipt"),
    path("isi.json", exam.content, name="content"),
    path("jawaban", exam.answers, name="answers"),
    path("detak", exam.beat, name="beat"),
    path("berikut", exam.following, name="following"),
    path("selesai", exam.finish, name="finish"),
    path("sesi/", proctor.sessions, name="sessions"),
    path("sesi/<int:pk>/", proctor.board_page, name="board"),
    path("sesi/<int:pk>/buka/", proctor.open_page, name="open"),
    path("sesi/<int:pk>/tutup/", proctor.close_page, name="close"),
]
