"""Addresses of the billing pages: portal."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
