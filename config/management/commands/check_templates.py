"""`manage.py check_templates`: compile every template, with every tag and filter it uses."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template import TemplateSyntaxError
from django.template.loader import get_template


class Command(BaseCommand):
    """Compiles every template of the product; otherwise the first visitor would find a broken one."""

    help = "Compile every template and name the broken ones."

    def handle(self, *_: Any, **__: Any) -> None:
        """Raise CommandError with one line per broken template."""
        base = Path(settings.BASE_DIR)
        folders = [base / "templates", *sorted(base.glob("*/templates"))]
        names = [
            path.relative_to(folder).as_posix()
            for folder in folders
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        ]
        broken = [problem for name in names if (problem := self._problem(name))]
        if broken:
            raise CommandError("\n".join(broken))
        self.stdout.write(f"{len(names)} templates compile.")

    def _problem(self, name: str) -> str | None:
        try:
            get_template(name)
        except (TemplateSyntaxError, UnicodeDecodeError) as error:
            return f"{name}: {error}"
        return None
