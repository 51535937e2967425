"""Runs a Python module in a process whose clock is ahead: `python -m tests.ahead SECONDS MODULE ARGUMENTS...`."""

import runpy
import sys
from datetime import UTC, datetime, timedelta

import time_machine


def main() -> None:
    """Move this process's clock, then run the module as `python -m` would."""
    seconds, module, *arguments = sys.argv[1:]
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(seconds)), tick=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
