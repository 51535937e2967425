"""Addresses of the centers pages: public."""

from django.urls import path

from centers.views import invitation, profile, public

urlpatterns = [
    path("", public.home, name="home"),
    path("language/", public.set_language, name="set_language"),
    path("invitations/<str:token>/", invitation.invitation, name="invitation"),
    path("profile/", profile.profile, name="profile"),
    path("profile/memberships/<int:pk>/leave/", profile.leave, name="leave"),
    path("logo/<slug:slug>/", public.logo, name="logo"),
]
