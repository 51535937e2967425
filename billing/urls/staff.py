"""Addresses of the billing pages: staff."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
