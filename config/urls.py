"""All addresses of the product. `/r/<slug>/` is staff's, `/c/<id>/` a center's, the rest is public."""

from allauth.mfa.totp.views import activate_totp
from allauth.mfa.webauthn.views import add_webauthn
from django.conf import settings
from django.urls import include, path

from centers.views.second_factor import proven_address_required
from config import health
from config.web.error_pages import closed

handler403 = "config.web.error_pages.forbidden"
handler404 = "config.web.error_pages.not_found"

#: allauth's pages for email addresses. A person who added one without proof would be treated as its owner
#: by the next invitation, reset link or `create_reseller`; a new address is invited instead.
_ADDRESS_PAGES = ("email/", "confirm-email/", "confirm-email/<path:key>")

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("", include("centers.urls.public")),
    path("", include("whatsapp.urls.public")),
    path("", include("billing.urls.public")),
    *(path(f"accounts/{page}", closed, name="account_closed") for page in _ADDRESS_PAGES),
    path("accounts/2fa/totp/activate/", proven_address_required(activate_totp), name="mfa_activate_totp"),
    path("accounts/2fa/webauthn/add/", proven_address_required(add_webauthn), name="mfa_add_webauthn"),
    path("accounts/", include("allauth.urls")),
    path("r/<slug:slug>/", include("centers.urls.staff")),
    path("r/<slug:slug>/", include("whatsapp.urls.staff")),
    path("r/<slug:slug>/", include("billing.urls.staff")),
    path("c/<int:center_id>/", include("centers.urls.portal")),
    path("c/<int:center_id>/", include("whatsapp.urls.portal")),
    path("c/<int:center_id>/", include("billing.urls.portal")),
]

if settings.DEVSTACK:
    urlpatterns.append(path("", include("devstack.urls")))
