"""Static files: our own, the few that we use of the front-end packages, and the bundles made of both."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder, find
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.storage import FileSystemStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

from config.web import bundles

PREFIX = "vendor"
#: Only what pages load is served; a new file must be added here.
FILES = (
    "@fontsource-variable/cairo/files/cairo-arabic-wght-normal.woff2",
    "@fontsource-variable/cairo/files/cairo-latin-wght-normal.woff2",
    "@fontsource-variable/cairo/files/cairo-latin-ext-wght-normal.woff2",
    # The style sheet names all of them; a browser loads only those whose characters occur.
    *(
        f"@fontsource-variable/inter/files/inter-{letters}-wght-normal.woff2"
        for letters in ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "greek-ext", "vietnamese")
    ),
    "chart.js/dist/chart.umd.js",
)


class NodeModulesFinder(BaseFinder):
    """Finds `vendor/<package>/<file>` for the listed files."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = FileSystemStorage(location=settings.NODE_MODULES)
        self.storage.prefix = PREFIX  # type: ignore[attr-defined]  # read by collectstatic

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:
        name = path.removeprefix(PREFIX + "/")
        file = Path(settings.NODE_MODULES) / name
        is_served = path.startswith(PREFIX + "/") and name in FILES and file.is_file()
        if find_all:
            return [str(file)] if is_served else []
        return str(file) if is_served else None

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        for name in FILES:
            if (Path(settings.NODE_MODULES) / name).is_file():
                yield name, self.storage


class BundleFinder(BaseFinder):
    """Finds the bundles (`config.web.bundles`), made again when what they are made of has changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = FileSystemStorage(location=settings.BUNDLES)

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:
        if path not in bundles.NAMES:
            return []
        file = str(_bundles() / path)
        return [file] if find_all else file

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        _bundles()
        for name in bundles.NAMES:
            yield name, self.storage


def _bundles() -> Path:
    sources = bundles.sources(Path(settings.BASE_DIR))
    return bundles.up_to_date(Path(settings.BUNDLES), find=_part, sources=sources)


def _part(name: str) -> Path:
    if name.startswith(PREFIX + "/"):
        return Path(settings.NODE_MODULES) / name.removeprefix(PREFIX + "/")
    file = find(name)
    if file is None:
        raise FileNotFoundError(f"The pages need the static file {name}.")
    return Path(str(file))


class _RememberedAddresses:
    """Works out the address of a file once: every page names two dozen, and they don't change while a process runs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._addresses: dict[str | None, str] = {}

    def url(self, name: str | None) -> str:
        if name not in self._addresses:
            self._addresses[name] = super().url(name)  # type: ignore[misc]
        return self._addresses[name]


class SourceFiles(_RememberedAddresses, StaticFilesStorage):
    """Names as they are in the source folders."""


class HashedFiles(_RememberedAddresses, CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed, compressed names after `collectstatic`; source maps, which we do not serve, are left out of it."""

    patterns = (("*.css", (r"""(?P<matched>url\((?P<quote>['"]{0,1})\s*(?P<url>.*?)(?P=quote)\))""",)),)
