"""Finding the browser; needs no settings, for programs that take pictures of a running product."""

import functools
import subprocess
import sys
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).resolve().parents[2] / "devstack" / "bootstrap.py"


@functools.cache
def chromium_path() -> str:
    """A Chromium that opens a page: $CHROMIUM, the machine's, or one installed now, which takes minutes at most.

    Fails the test, after the bootstrap has shown why, when there is none and none can be installed.
    """
    command = [sys.executable, "-I", BOOTSTRAP, "chromium"]
    found = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if found.returncode:
        pytest.fail("No working Chromium: `python3 -I devstack/bootstrap.py chromium` says why.")
    return found.stdout.strip()
