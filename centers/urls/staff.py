"""Addresses of the centers pages: staff."""

from django.urls import path

from centers.views import audit, centers, home, jobs, people, settings, share
from centers.views.mail import settings as mail_settings
from centers.views.notifications import destinations, log, message_texts, reach

_people = "centers/<int:center_pk>/people/"
_own_kind = "me/notifications/<slug:group>/kinds/<str:kind>/"

urlpatterns = [
    path("", home.staff_home, name="staff_home"),
    path("home/jobs/", home.home_jobs, name="home_jobs"),
    path("share/email/", share.share_email, name="share_email"),
    path("search/", home.search_everything, name="search"),
    path("live-token/", home.live_token, name="live_token"),
    path("centers/", centers.center_list, name="center_list"),
    path("centers/export/<str:fmt>/", centers.center_export, name="center_export"),
    path("centers/add/", centers.center_add, name="center_add"),
    path("centers/<int:pk>/", centers.center, name="center"),
    path("centers/<int:pk>/edit/", centers.center_edit, name="center_edit"),
    path("centers/<int:pk>/archive/", centers.center_archive, name="center_archive"),
    path("centers/<int:pk>/restore/", centers.center_restore, name="center_restore"),
    path("centers/<int:pk>/audit/", audit.center_audit, name="center_audit"),
    path("centers/<int:pk>/people/", people.center_people, name="center_people"),
    path(_people + "invite/", people.center_invite_person, name="center_invite"),
    path(_people + "<int:pk>/role/", people.center_person_change, name="center_person_change"),
    path(_people + "<int:pk>/remove/", people.center_person_remove, name="center_person_remove"),
    path(
        _people + "invitations/<int:pk>/resend/",
        people.center_invitation_resend,
        name="center_invitation_resend",
    ),
    path(
        _people + "invitations/<int:pk>/revoke/",
        people.center_invitation_revoke,
        name="center_invitation_revoke",
    ),
    path("team/", people.team, name="team"),
    path("team/invite/", people.team_invite, name="team_invite"),
    path("team/<int:pk>/role/", people.team_change, name="team_change"),
    path("team/<int:pk>/remove/", people.team_remove, name="team_remove"),
    path("team/invitations/<int:pk>/resend/", people.invitation_resend, name="invitation_resend"),
    path("team/invitations/<int:pk>/revoke/", people.invitation_revoke, name="invitation_revoke"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export/<str:fmt>/", audit.audit_export, name="audit_export"),
    path("settings/", settings.settings, name="settings"),
    path("settings/branding/", settings.settings_branding, name="settings_branding"),
    path("settings/security/", settings.settings_security, name="settings_security"),
    path("settings/email/", mail_settings.settings_email, name="settings_email"),
    path("settings/email/test/", mail_settings.settings_email_test, name="settings_email_test"),
    path(
        "settings/email/<int:pk>/resume/", mail_settings.settings_email_resume, name="settings_email_resume"
    ),
    path("settings/texts/", message_texts.settings_texts, name="settings_texts"),
    path(
        "settings/texts/<str:message>/<slug:language>/",
        message_texts.settings_text_edit,
        name="settings_text_edit",
    ),
    path("settings/notifications/", reach.settings_notifications, name="settings_notifications"),
    path(
        "settings/notifications/add/<slug:channel>/",
        destinations.team_destination_add,
        name="team_destination_add",
    ),
    path(
        "settings/notifications/<slug:group>/",
        reach.settings_notifications_edit,
        name="settings_notifications_edit",
    ),
    path(
        "settings/notifications/<slug:group>/kinds/<str:kind>/",
        reach.settings_notifications_kind,
        name="settings_notifications_kind",
    ),
    path(
        "settings/notifications/<slug:group>/kinds/<str:kind>/reset/",
        reach.settings_notifications_kind_reset,
        name="settings_notifications_kind_reset",
    ),
    path("me/notifications/", reach.reach, name="reach"),
    path("me/notifications/<slug:group>/", reach.reach_edit, name="reach_edit"),
    path("me/notifications/<slug:group>/reset/", reach.reach_reset, name="reach_reset"),
    path(_own_kind, reach.reach_kind, name="reach_kind"),
    path(_own_kind + "reset/", reach.reach_kind_reset, name="reach_kind_reset"),
    path("me/destinations/add/<slug:channel>/", destinations.destination_add, name="destination_add"),
    path("me/destinations/<int:pk>/", destinations.destination, name="destination"),
    path("me/destinations/<int:pk>/act/", destinations.destination_act, name="destination_act"),
    path("notifications/", log.notification_log, name="notification_log"),
    path("notifications/export/<str:fmt>/", log.notifications_export, name="notifications_export"),
    path("notifications/bell/", log.bell, name="bell"),
    path("notifications/read/", log.bell_read, name="bell_read"),
    path(
        "notifications/<int:pk>/again/",
        log.notification_send_again,
        name="notification_send_again",
    ),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<slug:job>/run/", jobs.job_run, name="job_run"),
]
