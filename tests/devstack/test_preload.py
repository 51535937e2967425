"""What the supervisor loads before it forks: all that a process needs to show a page, and no connection."""

import os
import subprocess
import sys
from textwrap import dedent

from devstack.embedded.state import CHECKOUT

_SHOWS_A_PAGE = dedent("""
    import os, sys, threading
    from devstack.supervisor import preload

    preload.begin()()
    preload.set_up()
    preload.finish()
    assert threading.active_count() == 1, threading.enumerate()
    descriptors = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
    files = [os.readlink(name) for name in descriptors if os.path.lexists(name)]
    assert not any(file.startswith("socket:") for file in files), files
    known = set(sys.modules)

    from django.test import RequestFactory
    from config.wsgi import application

    heads = []
    request = RequestFactory().get("/accounts/login/", headers={"Host": "localhost"})
    application(request.environ, lambda *head: heads.append(head)).close()
    assert heads[0][0] == "200 OK", heads
    print(*sorted(set(sys.modules) - known - {"django.test"}))
    import psutil, pygments, yaml  # loaded by those that need them
""")


def test_a_process_has_nothing_left_to_import_for_a_page_and_inherits_no_connection() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    shown = subprocess.run(
        [sys.executable, "-c", _SHOWS_A_PAGE],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    ours = ("billing", "centers", "config", "whatsapp", "allauth")
    late = [name for name in shown.stdout.split() if name.startswith(ours) or "templatetags" in name]
    assert late == []
