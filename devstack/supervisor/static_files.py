"""Static files of `make run`: collected as for production, so that browsers get them compressed and keep them."""

import subprocess
import sys

from config.web import bundles
from devstack import embedded
from devstack.embedded.state import CHECKOUT

_PACKAGES = ("package-lock.json", "requirements/base.txt")
_NAMED = "STATIC_ROOT"


def collect(environment: dict[str, str]) -> bool:
    """Collect them into the checkout's state, unless nothing has changed since; False when the command failed.

    A STATIC_ROOT of the person at the terminal is left alone.
    """
    if environment.get(_NAMED):
        return True
    folder = embedded.state_dir() / "static"
    environment[_NAMED] = str(folder)
    stamp, made_of = folder / "made-of", _digest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == made_of:
        return True
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--clear", "-v0"]
    if subprocess.run(command, cwd=CHECKOUT, env=environment, check=False).returncode:
        return False
    stamp.write_text(made_of, encoding="utf-8")
    return True


def _digest() -> str:
    """Changes when a source of static files does."""
    ours = [*(CHECKOUT / "static").rglob("*"), *map(CHECKOUT.joinpath, _PACKAGES)]
    files = [path for path in [*ours, *bundles.sources(CHECKOUT)] if path.is_file()]
    return bundles.digest_of(sorted(files))
