"""Addresses of the centers pages: portal."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
