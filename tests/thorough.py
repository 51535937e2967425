"""How much of what only repeats is done: a share in `make test`, all of it in `make chaos` (MARKAZ_THOROUGH=1)."""

import os

THOROUGH = os.environ.get("MARKAZ_THOROUGH") == "1"
