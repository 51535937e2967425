"""Addresses of the centers pages: portal."""

from django.urls import path

from centers.views import portal

urlpatterns = [
    path("", portal.portal_home, name="portal_home"),
    path("live-token/", portal.portal_live_token, name="portal_live_token"),
    path("people/", portal.portal_people, name="portal_people"),
]
