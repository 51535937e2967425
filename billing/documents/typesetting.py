"""PDF documents from the Typst templates in templates/billing/documents."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.conf import settings

from billing.documents.fonts import FAMILIES, fonts
from billing.documents.printable import printable

FOLDER = settings.BASE_DIR / "templates" / "billing" / "documents"
#: For archives (ISO 19005-3, with tags) and for screen readers (ISO 14289-1).
STANDARDS = ["a-3a", "ua-1"]
_FRAME = "frame.typ"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document ready to be typeset: the template's name, its data, its logo, and files of text by name.

    `at` (UTC, whole seconds) is in the file instead of the clock, so that the same data gives the same bytes.
    """

    template: str
    data: dict[str, Any]
    at: datetime
    logo: bytes | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)

    def pdf(self) -> bytes:
        """The document as PDF: tagged, with its fonts and attached files inside."""
        pdf: bytes = self._compiled("pdf", pdf_standards=STANDARDS)
        return pdf

    def pages(self, *, dots_per_inch: int = 110) -> list[bytes]:
        """The document's pages as PNG."""
        pages: bytes | list[bytes] = self._compiled("png", ppi=dots_per_inch)
        return pages if isinstance(pages, list) else [pages]

    def _compiled(self, kind: Literal["pdf", "png"], **options: Any) -> Any:
        # A picture comes as numbers: files in memory are text.
        logo = list(self.logo) if self.logo else None
        data = printable(self.data) | {"fonts": list(FAMILIES), "files": sorted(self.files), "logo": logo}
        sources = {
            "main.typ": (FOLDER / self.template).read_bytes(),
            _FRAME: (FOLDER / _FRAME).read_bytes(),
            "data.json": json.dumps(data).encode(),
        }
        import typst  # only here: most processes never draw a document

        return typst.compile(
            {**sources, **self.files}, font_paths=fonts(), format=kind, timestamp=self.at, **options
        )
