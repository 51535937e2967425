"""Compiled translations of `make run`: written only after a catalog changed: reading them takes a second."""

import subprocess
import sys

from config.web import bundles
from devstack import embedded
from devstack.embedded.state import CHECKOUT


def compile_changed() -> bool:
    """Bring every django.mo up to date; False when that failed, which is explained on the terminal."""
    stamp = embedded.state_dir() / "translations"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == _digest():
        return True
    command = [sys.executable, "-m", "devstack.translations", "compile"]
    if subprocess.run(command, cwd=CHECKOUT, check=False).returncode:
        return False
    stamp.write_text(_digest(), encoding="utf-8")
    return True


def _digest() -> str:
    """Changes when a catalog does, or what was made of it."""
    files = [path for kind in ("*.po", "*.mo") for path in (CHECKOUT / "locale").rglob(kind)]
    return bundles.digest_of(sorted(files))
