"""URLs of the demo: the form that moves its clock."""

from django.urls import path

from devstack.views import advance_clock

urlpatterns = [path("demo/clock/", advance_clock, name="demo_clock")]
