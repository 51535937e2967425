"""Static files from the same process, so that one command serves the whole product."""

from pathlib import Path

from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, answering from the finders where `collectstatic` has not been run."""

    def add_files(self, root: str, prefix: str | None = None) -> None:
        """Add a folder's files; one that does not exist is no reason to warn."""
        if Path(root).is_dir():
            super().add_files(root, prefix)
