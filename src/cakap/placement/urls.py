from __future__ import annotations

from django.urls import path

from cakap.placement import views

app_name = "placement"
urlpatterns = [
    path("jabatan/", views.posts, name="posts"),
    path("jabatan/<int:pk>/", views.post, name="post"),
    path("orang/", views.people, name="people"),
    path("orang/<int:pk>/", views.person, name="person"),
    path("rencana/", views.plans, name="plans"),
    path("rencana/susun/", views.make, name="make"),
    path("rencana/<int:pk>/", views.plan, name="plan"),
    path("rencana/<int:pk>/rencana.pdf", views.plan_pdf, name="plan_pdf"),
    path("rencana/<int:pk>/setujui/", views.approve, name="approve"),
    path("rencana/<int:pk>/tolak/", views.reject, name="reject"),
]
