"""All addresses of the product. `/r/<slug>/` is staff's, `/c/<id>/` a center's, the rest is for everybody."""

from django.urls import include, path

from config import health
from config.demo import advance_clock

handler403 = "config.errors.forbidden"

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("", include("centers.urls.public")),
    path("", include("whatsapp.urls.public")),
    path("accounts/", include("allauth.urls")),
    path("demo/clock/", advance_clock, name="demo_clock"),
    path("r/<slug:slug>/", include("centers.urls.staff")),
    path("r/<slug:slug>/", include("whatsapp.urls.staff")),
    path("r/<slug:slug>/", include("billing.urls.staff")),
    path("c/<int:center_id>/", include("centers.urls.portal")),
    path("c/<int:center_id>/", include("whatsapp.urls.portal")),
    path("c/<int:center_id>/", include("billing.urls.portal")),
]
