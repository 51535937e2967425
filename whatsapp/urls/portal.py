"""URLs of the whatsapp pages of a center's portal."""

from django.urls import path

from whatsapp.views import portal

urlpatterns = [
    path("numbers/", portal.portal_numbers, name="portal_numbers"),
    path("numbers/<int:pk>/pair/", portal.portal_pair, name="portal_pair"),
    path("numbers/<int:pk>/pair/start/", portal.portal_pair_start, name="portal_pair_start"),
    path("numbers/<int:pk>/pair/state/", portal.portal_pair_state, name="portal_pair_state"),
    path("numbers/<int:pk>/pair/image/", portal.portal_pair_image, name="portal_pair_image"),
    path("numbers/<int:pk>/webhook/", portal.portal_webhook, name="portal_webhook"),
]
