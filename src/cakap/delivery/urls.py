from __future__ import annotations

from django.urls import path

from cakap.delivery.views import exam, participant, proctor, seats

app_name = "delivery"
urlpatterns = [
    path("", participant.enter, name="enter"),
    path("persetujuan/", participant.consent, name="consent"),
    path("latihan/", participant.practice, name="practice"),
    path("mulai/", participant.start, name="start"),
    path("kerja/", participant.work, name="work"),
    path("tanda-terima/", participant.receipt_page, name="receipt"),
    path("isi.json", exam.content, name="content"),
    path("berkas/<slug:digest>", exam.asset, name="asset"),
    path("jawaban", exam.answers, name="answers"),
    path("detak", exam.beat, name="beat"),
    path("berikut", exam.following, name="following"),
    path("bagian", exam.section, name="section"),
    path("selesai", exam.finish, name="finish"),
    path("sesi/", proctor.sessions, name="sessions"),
    path("sesi/<int:pk>/", proctor.board_page, name="board"),
    path("sesi/<int:pk>/arus", proctor.stream, name="stream"),
    path("sesi/<int:pk>/buka/", proctor.open_page, name="open"),
    path("sesi/<int:pk>/tutup/", proctor.close_page, name="close"),
    path("sesi/<int:pk>/jeda/alasan/", proctor.pause_form, name="pause_form"),
    path("sesi/<int:pk>/jeda/", proctor.pause_page, name="pause"),
    path("sesi/<int:pk>/lanjut/", proctor.resume_page, name="resume"),
    path("sesi/<int:pk>/kembalikan/", proctor.give_back_page, name="give_back"),
    path("sesi/<int:pk>/tunda/", proctor.postpone_page, name="postpone"),
    path("sesi/<int:pk>/umumkan/", proctor.announce_page, name="announce"),
    path("sesi/<int:pk>/kejadian/", proctor.incident_page, name="incident"),
    path("sesi/<int:pk>/kejadian/daftar/", proctor.incidents_part, name="incidents"),
    path("sesi/<int:pk>/berita-acara.pdf", proctor.minutes_page, name="minutes"),
    path("sesi/<int:pk>/sesi.seb", proctor.browser_file, name="browser"),
    path("sesi/<int:pk>/meja/", seats.desk, name="desk"),
    path("kursi/<int:pk>/", seats.seat_page, name="seat"),
    path("kursi/<int:pk>/daftar/", seats.check_in_page, name="check_in"),
    path("kursi/<int:pk>/foto/<slug:which>", seats.photo, name="photo"),
    path("kursi/<int:pk>/jejak/", seats.trail_page, name="trail"),
    path("kursi/<int:pk>/pindah/", seats.free_page, name="free"),
    path("kursi/<int:pk>/jeda/", seats.pause_page, name="pause_one"),
    path("kursi/<int:pk>/lanjut/", seats.resume_page, name="resume_one"),
    path("kursi/<int:pk>/waktu/", seats.time_page, name="time"),
]
