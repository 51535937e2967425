"""How many repetitions run: a share in `make test`, all in `make chaos` (MARKAZ_THOROUGH=1)."""

import os

THOROUGH = os.environ.get("MARKAZ_THOROUGH") == "1"
