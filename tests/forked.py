"""`manage.py` in many environments: each time in a process of its own, forked from one that has loaded the libraries.

Half of the two seconds in which Django starts goes into modules that are not ours and read no environment.
"""

import contextlib
import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: What the product imports, most expensive first. None of it may read settings while it is imported.
LIBRARIES = (
    "celery.app", "psycopg", "redis.asyncio", "django.db.models", "django.forms", "django.core.management", "openpyxl",
    "rich.console", "phonenumbers", "sentry_sdk", "cryptography.fernet", "kombu", "marshmallow", "requests",
    "xlsxwriter", "prometheus_client", "PIL.Image", "babel.dates", "yaml", "qrcode", "typst",
)  # fmt: skip


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `python manage.py ARGUMENTS` answers in this environment and no other."""
    process = _loaded()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([environment, arguments]) + "\n")
    process.stdin.flush()
    code, out, err = json.loads(process.stdout.readline())
    return subprocess.CompletedProcess(arguments, code, out, err)


_RUNNING: list["subprocess.Popen[str]"] = []


def _loaded() -> "subprocess.Popen[str]":
    """The process that has loaded the libraries; it ends with this one, which holds its input open."""
    if not _RUNNING:
        _RUNNING.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.forked"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
    return _RUNNING[0]


def serve() -> None:
    """Answer each line, a JSON list of environment and arguments, with exit code, output and errors as JSON."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(_forked(*json.loads(line))), flush=True)  # noqa: T201


def _forked(environment: dict[str, str], arguments: list[str]) -> tuple[int, str, str]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                os._exit(_command(environment, arguments))
            os._exit(120)
        _pid, status = os.waitpid(child, 0)
        for file in (out, err):
            file.seek(0)
        return os.waitstatus_to_exitcode(status), out.read().decode(), err.read().decode()


def _command(environment: dict[str, str], arguments: list[str]) -> int:
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["manage.py", *arguments]
    code: object = 0
    try:
        runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")
    except SystemExit as end:
        code = end.code or 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)  # noqa: T201
            code = 1
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return int(str(code))


if __name__ == "__main__":
    serve()
