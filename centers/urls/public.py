"""Addresses of the centers pages: public."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
