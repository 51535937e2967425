"""Our templates without their indentation: a quarter of the bytes of a long list was white space for its authors."""

import re
from typing import Any

from django.template.loaders import filesystem

_INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)


class Loader(filesystem.Loader):
    """Reads the project's own templates; line numbers stay as they are.

    Texts are found by their words alone, because all that span lines are `trimmed` (tests/guards/test_templates.py).
    Templates of libraries are read as they are: not all of theirs are.
    """

    def get_contents(self, origin: Any) -> str:
        """The source; of a page, without white space at the beginning of lines."""
        source: str = super().get_contents(origin)
        return _INDENTATION.sub("", source) if origin.name.endswith(".html") else source
