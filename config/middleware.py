"""Static files from the same process, so that one command serves the whole product."""

from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, answering from the finders where `collectstatic` has not been run."""
