"""Addresses of the centers pages: public."""

from django.urls import path

from centers.views import invitation, profile, public, second_factor, web_app
from centers.views.mail.events import mail_events
from centers.views.notifications import links

urlpatterns = [
    path("", public.home, name="home"),
    path("language/", public.set_language, name="set_language"),
    path("invitations/<str:token>/", invitation.invitation, name="invitation"),
    path("accounts/second-factor/lost/", second_factor.lost, name="second_factor_lost"),
    path("accounts/second-factor/reset/<str:token>/", second_factor.reset, name="second_factor_reset"),
    path("accounts/second-factor/cancel/<str:token>/", second_factor.cancel, name="second_factor_cancel"),
    path("profile/", profile.profile, name="profile"),
    path("profile/memberships/<int:pk>/leave/", profile.leave, name="leave"),
    path("act/<str:token>/", links.notification_action, name="notification_action"),
    path(
        "unsubscribe/<str:token>/",
        links.notifications_unsubscribe,
        name="notifications_unsubscribe",
    ),
    path("hooks/mail/", mail_events, name="mail_events"),
    path("manifest.webmanifest", web_app.manifest, name="manifest"),
    path("service-worker.js", web_app.service_worker, name="service_worker"),
    path("logo/<slug:slug>/", public.logo, name="logo"),
]
