"""The demo's WhatsApp templates: approved at the sandbox, and chosen in the settings."""

from datetime import datetime

from centers.models import Reseller, User
from centers.tenancy.scoping import tenant
from devstack.demo_data.sandbox import ACCOUNT_KEY
from devstack.sandbox import SandboxControl
from whatsapp.channels.template_settings import save_template

_BODIES = {
    "en": "*{{1}}*\n\n{{2}}\n\nOpen: {{3}}\n\n_{{4}}_",
    "ar": "*{{1}}*\n\n{{2}}\n\nللفتح: {{3}}\n\n_{{4}}_",
}
_PARTS = ("subject", "text", "link", "sender")


def approve(control: SandboxControl, reseller: Reseller, owner: User, now: datetime) -> None:
    """One template for all messages in each language."""
    for language, body in _BODIES.items():
        name = f"markaz_notice_{language}"
        control.add_template(ACCOUNT_KEY, name, body)
        with tenant(reseller):
            save_template(
                reseller=reseller,
                kind="",
                language=language,
                template_id=name,
                variables=_PARTS,
                by=owner,
                now=now,
            )
