"""Pages as ASGI (replaced by the live server)."""

import os

from a2wsgi import WSGIMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
from config.wsgi import application as pages

application = WSGIMiddleware(pages)
