"""Addresses of the whatsapp pages: portal."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
