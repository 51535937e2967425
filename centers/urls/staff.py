"""Addresses of the centers pages: staff."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
