"""A process may open as many files as it needs, where the system allows it."""

import subprocess
import sys

import pytest

RAISE = """
import resource
from centers.open_files import raise_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(raise_open_files({files}), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "files", "after"),
    [
        (256, 1024, 800, "800 800 1024"),
        (256, 1024, 5000, "1024 1024 1024"),
        (900, 1024, 800, "800 900 1024"),
    ],
)
def test_the_limit_is_raised_as_far_as_the_system_allows_and_never_lowered(soft, hard, files, after):
    code = RAISE.format(soft=soft, hard=hard, files=files)
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == after.split()
