"""Re-encrypt every stored secret with the first of FIELD_KEYS."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from centers.secrets import SecretField, SecretUnreadable, seal, unseal
from centers.tenancy.scoping import every_tenant


class Command(BaseCommand):
    """`rotate_keys`, to be run after a new key was put first in FIELD_KEYS and every process was restarted."""

    help = (
        "Encrypts all stored secrets with the first of FIELD_KEYS; then the other keys are no longer needed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic(), every_tenant():
                count = sum(self._renew_fields(model) for model in apps.get_models()) + self._renew_factors()
        except SecretUnreadable as error:
            raise CommandError(f"{error} Nothing was changed; put that key back.") from error
        self.stdout.write(f"{count} rows now need the first key only.")

    @staticmethod
    def _renew_fields(model: Any) -> int:
        names = [field.name for field in model._meta.concrete_fields if isinstance(field, SecretField)]
        rows = list(model._base_manager.select_for_update()) if names else []
        for row in rows:
            row.save(update_fields=names)
        return len(rows)

    @staticmethod
    def _renew_factors() -> int:
        """allauth stores secrets in the JSON data of its own rows, under these names."""
        rows = list(Authenticator.objects.select_for_update().exclude(type=Authenticator.Type.WEBAUTHN))
        for row in rows:
            for name in ("secret", "seed"):
                if name in row.data:
                    row.data[name] = seal(unseal(row.data[name], name="A second factor"))
            row.save(update_fields=["data"])
        return len(rows)
