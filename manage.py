#!/usr/bin/env python
"""Django's command line; without DATABASE_URL it holds the embedded servers up while a command runs."""

import os
import sys


def main() -> None:
    """Run one management command inside a lease on the embedded services."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config import embedded

    try:
        with embedded.lease():
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
    except embedded.EmbeddedError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
