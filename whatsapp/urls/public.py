"""URLs of the whatsapp pages without an account."""

from django.urls import path

from whatsapp.views import public

urlpatterns = [
    path("pair/<str:token>/", public.pairing_link, name="pairing_link"),
    path("pair/<str:token>/start/", public.pairing_link_start, name="pairing_link_start"),
    path("pair/<str:token>/state/", public.pairing_link_state, name="pairing_link_state"),
    path("pair/<str:token>/image/", public.pairing_link_image, name="pairing_link_image"),
    path("hooks/mazbot/<slug:path_token>/", public.webhook_in, name="webhook_in"),
]
