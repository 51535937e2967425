"""Addresses of the whatsapp pages: staff."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
