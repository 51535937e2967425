"""Changing how documents look and are numbered."""

from datetime import datetime
from typing import Any

from django.db import transaction

from billing.documents.frozen import document_settings
from billing.documents.numbers import save_number_formats
from billing.models import DocumentSettings
from centers.audit import entries
from centers.model_errors import check_fields
from centers.models import Reseller, User


def save_document_settings(
    *,
    reseller: Reseller,
    formats: dict[str, dict[str, Any]],
    year: int,
    by: User | None,
    now: datetime,
    **values: Any,
) -> DocumentSettings:
    """Change the settings (`languages`, `simplified`, `note`) and the number formats together.

    Issued documents stay as they are. OperationRefused as save_number_formats(), or for an invalid value.
    """
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        row = document_settings(reseller)
        for name, value in values.items():
            setattr(row, name, value)
        check_fields(row, exclude=("reseller",))
        row.save()
        if formats:
            save_number_formats(reseller=reseller, formats=formats, year=year, by=by, now=now)
        entries.record(
            "document_settings.changed",
            reseller=reseller,
            by=by,
            target=reseller,
            now=now,
            topics=("billing",),
            values={name: str(value) for name, value in values.items()},
        )
    return row
