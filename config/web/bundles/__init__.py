"""One style sheet for each direction of writing and one script, made of their parts whenever a part has changed."""

from config.web.bundles.making import NAMES, digest_of, sources, up_to_date

__all__ = ["NAMES", "digest_of", "sources", "up_to_date"]
