"""`python -m devstack.icons {check,write}`: the one file with every icon that the pages use.

Pages name an icon with a few bytes and the browser keeps the file; inside the pages icons were more than half of
their size. Which ones there are is read from the sources: every quoted word that is the name of an icon of Tabler's.
A few of these words mean something else, which costs some bytes and never leaves an icon out.
"""

import re
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPRITE = ROOT / "static" / "img" / "icons.svg"
_TABLER = ROOT / "node_modules" / "@tabler" / "icons" / "icons" / "outline"
_SOURCES = ("billing", "centers", "config", "templates", "whatsapp")
_QUOTED = re.compile(r"""["']([a-z0-9-]+)["']""")
_INSIDE = re.compile(r"\A.*?<svg[^>]*>(?P<inside>.*)</svg>\s*\Z", re.DOTALL)
_EMPTY = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'


def names() -> list[str]:
    """The names of icons that stand in the sources, in order."""
    known = {path.stem for path in _TABLER.glob("*.svg")}
    found: set[str] = set()
    for folder in _SOURCES:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".html"} and "migrations" not in path.parts:
                found.update(known.intersection(_QUOTED.findall(path.read_text(encoding="utf-8"))))
    return sorted(found)


def sprite() -> str:
    """The file's content: a symbol for each name."""
    symbols = [f'<symbol id="{name}" viewBox="0 0 24 24">{_paths(name)}</symbol>' for name in names()]
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""])


@cache
def _paths(name: str) -> str:
    drawn = _INSIDE.sub(r"\g<inside>", (_TABLER / f"{name}.svg").read_text(encoding="utf-8"))
    return " ".join(drawn.replace(_EMPTY, "").split()).replace(" />", "/>")


def run(arguments: list[str]) -> int:
    """Check that the file is up to date, or write it; returns 1 when it is not."""
    if arguments == ["write"]:
        SPRITE.write_text(sprite(), encoding="utf-8")
        return 0
    if arguments != ["check"]:
        print(__doc__, file=sys.stderr)
        return 2
    if SPRITE.read_text(encoding="utf-8") == sprite():
        return 0
    print(f"{SPRITE.relative_to(ROOT)} is not what the sources need. Run `make fmt`.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
