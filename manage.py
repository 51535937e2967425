#!/usr/bin/env python
"""Django's command line; without DATABASE_URL it holds the embedded servers up while a command runs."""

import os
import sys


def main() -> None:
    """Run one management command inside a lease on the embedded services."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config import services

    try:
        with services.lease():
            _run()
    except services.ServiceError as error:
        sys.exit(str(error))


def _run() -> None:
    from django.core.management import execute_from_command_line
    from django.db import ProgrammingError

    try:
        execute_from_command_line(sys.argv)
    except ProgrammingError as error:
        # PostgreSQL's codes for a table or a column that is not there.
        if getattr(error.__cause__, "sqlstate", None) not in {"42P01", "42703"}:
            raise
        sys.exit(
            "The database has not got the tables of this version yet. `make run` makes them; an install of your own "
            "gets them with `python manage.py migrate`."
        )


if __name__ == "__main__":
    main()
