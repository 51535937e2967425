"""Management commands of a stack, run by one process after the other: to start Django for each takes seconds."""

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
import traceback
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Commands:
    """The process, seen from the test; it ends with its standard input."""

    process: "subprocess.Popen[bytes]"
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def start(cls, env: dict[str, str], log: Path) -> "Commands":
        """Start it in this environment; what it logs goes to `log`."""
        with log.open("ab") as errors:
            return cls(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.browser.commands"],
                    cwd=ROOT,
                    env=env | {"DJANGO_SETTINGS_MODULE": "config.settings"},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    start_new_session=True,
                )
            )

    def run(self, *arguments: str) -> str:
        """What the command printed. Raises AssertionError with that and its errors if it failed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self._one_at_a_time:
            self.process.stdin.write(json.dumps(arguments).encode() + b"\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        assert answer, f"the process of the commands has ended ({self.process.poll()})"
        code, output, errors = json.loads(answer)
        assert code == 0, f"manage.py {' '.join(arguments)}\n{output}\n{errors}"
        return str(output)


def serve() -> None:
    """Run each line's command (a JSON list) and answer with its exit code, output and errors, as JSON in one line."""
    import django

    django.setup()
    answers = sys.stdout
    for line in sys.stdin:
        answers.write(json.dumps(_run(json.loads(line))) + "\n")
        answers.flush()


def _run(arguments: list[str]) -> tuple[int, str, str]:
    from django.core.management import execute_from_command_line

    output, errors, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            execute_from_command_line(["manage.py", *arguments])
        except SystemExit as end:
            code = 0 if end.code in (None, 0) else 1
        except Exception:  # noqa: BLE001 - whatever it is, the test that gave the command shows it
            code = 1
            traceback.print_exc()
    return code, output.getvalue(), errors.getvalue()


if __name__ == "__main__":
    os.environ.pop("MARKAZ_TESTING", None)
    serve()
