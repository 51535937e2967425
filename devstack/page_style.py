"""`python -m devstack.page_style {check,write}`: the layout of templates, style sheets and scripts.

djhtml indents the templates, djade writes their tags in one way, Prettier does style sheets and scripts. None of them
breaks a long line of a template: white space shows beside words. `tests/guards/test_lines_of_pages.py` finds long ones.
"""

import subprocess
import sys
from pathlib import Path

from devstack.bootstrap import interpreter

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
PRETTIER = "node_modules/prettier/bin/prettier.cjs"
STYLED = ("static/css", "static/js", "devstack/sandbox/assets/*.{css,js}")


def run(arguments: list[str], *, root: Path = ROOT) -> int:
    """Run the three tools below `root`, to check or to write; returns 1 when one found something or failed."""
    if arguments not in (["check"], ["write"]):
        print(__doc__, file=sys.stderr)
        return 2
    checking = ["--check"] if arguments == ["check"] else []
    templates = [str(path) for path in sorted((root / "templates").rglob("*.html"))]
    commands: list[list[str]] = [
        [str(PROGRAMS / "djade"), *checking, "--target-version", "5.2", *templates],
        [str(PROGRAMS / "djhtml"), *checking, "--tabwidth", "2", *templates],
        [interpreter(), PRETTIER, "--log-level=warn", *(checking or ["--write"]), *STYLED],
    ]
    done = [subprocess.run(command, cwd=root).returncode for command in commands]
    # Both tools for templates answer 1 when they have written something.
    return int(any(done) if checking else done[-1])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
