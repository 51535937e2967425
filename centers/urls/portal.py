"""Addresses of the centers pages: portal."""

from django.urls import path

from centers.views import portal
from centers.views.notifications import destinations, log, reach

urlpatterns = [
    path("", portal.portal_home, name="portal_home"),
    path("live-token/", portal.portal_live_token, name="portal_live_token"),
    path("me/notifications/", reach.portal_reach, name="portal_reach"),
    path("me/notifications/<slug:group>/", reach.portal_reach_edit, name="portal_reach_edit"),
    path("me/notifications/<slug:group>/reset/", reach.portal_reach_reset, name="portal_reach_reset"),
    path(
        "me/notifications/<slug:group>/kinds/<str:kind>/", reach.portal_reach_kind, name="portal_reach_kind"
    ),
    path(
        "me/notifications/<slug:group>/kinds/<str:kind>/reset/",
        reach.portal_reach_kind_reset,
        name="portal_reach_kind_reset",
    ),
    path(
        "me/destinations/add/<slug:channel>/",
        destinations.portal_destination_add,
        name="portal_destination_add",
    ),
    path("me/destinations/<int:pk>/", destinations.portal_destination, name="portal_destination"),
    path("me/destinations/<int:pk>/act/", destinations.portal_destination_act, name="portal_destination_act"),
    path("notifications/bell/", log.portal_bell, name="portal_bell"),
    path("notifications/read/", log.portal_bell_read, name="portal_bell_read"),
    path("people/", portal.portal_people, name="portal_people"),
]
