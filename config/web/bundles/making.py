"""Makes the bundles from our files and the front-end packages, in Python alone."""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from rjsmin import jsmin

from config.web.bundles.pruning import Used, pruned

_INTER, _CAIRO = ("vendor/@fontsource-variable/" + name for name in ("inter/index.css", "cairo/index.css"))
_OURS = tuple(f"css/{name}.css" for name in ("markaz", "parts", "numbers", "centers", "billing", "pairing"))
_TABLER = "vendor/@tabler/core/dist/css/tabler"
_BOOTSTRAP = "vendor/bootstrap/js/dist"
#: Of Bootstrap only the menus and the tabs. `js/popper-name.js` gives Popper the name they look for.
_SCRIPTS = (
    "django_htmx/htmx-2.min.js",
    "vendor/idiomorph/dist/idiomorph-ext.min.js",
    "vendor/@popperjs/core/dist/umd/popper.min.js",
    "js/popper-name.js",
    *(
        f"{_BOOTSTRAP}/{name}.js"
        for name in (
            "util/index",
            "dom/data",
            "dom/manipulator",
            "dom/event-handler",
            "dom/selector-engine",
            "util/config",
            "base-component",
            "dropdown",
            "tab",
        )
    ),
    *(
        f"js/{name}.js"
        for name in ("morph", "app", "forms", "push", "live-leader", "live-stream", "live", "charts")
    ),
)
PARTS: dict[str, tuple[str, ...]] = {
    "bundles/pages.css": (_INTER, _CAIRO, f"{_TABLER}.min.css", *_OURS),
    "bundles/pages.rtl.css": (_INTER, _CAIRO, f"{_TABLER}.rtl.min.css", *_OURS),
    "bundles/pages.js": _SCRIPTS,
}
NAMES = tuple(PARTS)
_RELATIVE = re.compile(r"""url\((?P<quote>["']?)(?!data:|[a-z]+:|/|#)(?:\./)?(?P<name>[^"')]+)(?P=quote)\)""")
_CHARSET = '@charset "UTF-8";'

#: What may give an element a class.
_SOURCES = {"templates": "*.html", "billing": "*.py", "centers": "*.py", "config": "*.py", "whatsapp": "*.py"}

Find = Callable[[str], Path]


def up_to_date(folder: Path, *, find: Find, sources: Iterable[Path]) -> Path:
    """`folder` with every bundle as its parts and `sources` (what may name a class) are now.

    `find` gives the file of a static name. Several processes may call this at once.
    """
    texts = sorted(sources)
    parts = {name: find(name) for names in PARTS.values() for name in names}
    digest = digest_of([*parts.values(), *texts], *_own_code())
    stamp = folder / "made-of"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return folder
    used = Used.of(path.read_text(encoding="utf-8") for path in [*texts, *_scripts(parts)])
    for bundle, names in PARTS.items():
        make = _style_part if bundle.endswith(".css") else _script_part
        _write(folder / bundle, "".join(make(name, parts[name], used) for name in names))
    _write(stamp, digest)
    return folder


def sources(root: Path) -> list[Path]:
    """The files of a checkout that may give an element a class."""
    return [path for folder, pattern in _SOURCES.items() for path in (root / folder).rglob(pattern)]


def digest_of(paths: Iterable[Path], *also: str) -> str:
    """A text that changes when one of the files does, by its name, size or time, or one of the texts in `also`."""
    lines = []
    for path in paths:
        state = path.stat()
        lines.append(f"{path} {state.st_size} {state.st_mtime_ns}")
    return hashlib.sha256("\n".join([*lines, *also]).encode()).hexdigest()


def _own_code() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))]


def _scripts(parts: dict[str, Path]) -> list[Path]:
    return [path for name, path in parts.items() if name.endswith(".js")]


def _style_part(name: str, path: Path, used: Used) -> str:
    text = path.read_text(encoding="utf-8").removeprefix(_CHARSET)
    if name.startswith(_TABLER):
        text = pruned(text, used)
    home = "../" + name.rpartition("/")[0]
    return _RELATIVE.sub(lambda match: f"url({home}/{match['name']})", text) + "\n"


def _script_part(_name: str, path: Path, _used: Used) -> str:
    """Without spaces and comments, but for the licences."""
    return str(jsmin(path.read_text(encoding="utf-8"), keep_bang_comments=True)).strip() + ";\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(name, 0o644)
    os.replace(name, path)
