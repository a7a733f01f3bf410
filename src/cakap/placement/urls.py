from __future__ import annotations

from django.urls import path

from cakap.placement.views import advising, market, plans, recommending, scenarios

app_name = "placement"
urlpatterns = [
    path("jabatan/", recommending.posts, name="posts"),
    path("jabatan/<int:pk>/", recommending.post, name="post"),
    path("orang/", recommending.people, name="people"),
    path("orang/<int:pk>/", recommending.person, name="person"),
    path("rencana/", plans.plans, name="plans"),
    path("rencana/susun/", plans.make, name="make"),
    path("rencana/banding/", scenarios.compare, name="compare"),
    path("rencana/<int:pk>/", plans.plan, name="plan"),
    path("rencana/<int:pk>/rencana.pdf", plans.plan_pdf, name="plan_pdf"),
    path("rencana/<int:pk>/telaah/", plans.review, name="review"),
    path("rencana/<int:pk>/usulkan/", plans.propose, name="propose"),
    path("rencana/<int:pk>/tanggapan/", plans.comment, name="comment"),
    path("rencana/<int:pk>/ketahanan/", plans.test, name="test"),
    path("rencana/<int:pk>/setujui/", plans.approve, name="approve"),
    path("rencana/<int:pk>/tolak/", plans.reject, name="reject"),
    path("rencana/<int:pk>/skenario/", scenarios.scenario, name="scenario"),
    path("rencana/<int:pk>/papan/", scenarios.board, name="board"),
    path("rencana/<int:pk>/orang/<int:line>/coba/", scenarios.trial, name="trial"),
    path("rencana/<int:pk>/orang/<int:line>/simpan/", scenarios.keep_trial, name="keep_trial"),
    path("rencana/<int:pk>/orang/<int:line>/", scenarios.line, name="line"),
    path("rencana/<int:pk>/orang/<int:line>/menolak/", scenarios.refusal, name="refusal"),
    path("minat/", market.wishes, name="wishes"),
    path("minat/saya/", market.own_wishes, name="own_wishes"),
    path("minat/jabatan/<int:pk>/", market.applicants, name="applicants"),
    path("surat/", advising.letters, name="letters"),
    path("surat/susun/", advising.write, name="write"),
    path("surat/<int:pk>/", advising.letter, name="letter"),
    path("surat/<int:pk>/kirim/", advising.send, name="send"),
    path("surat/<int:pk>/surat.pdf", advising.letter_pdf, name="letter_pdf"),
    path("surat/masuk/", advising.incoming, name="incoming"),
    path("surat/masuk/<int:pk>/", advising.answer, name="answer"),
    path("surat/masuk/<int:pk>/dokumen.json", advising.document, name="document"),
]
