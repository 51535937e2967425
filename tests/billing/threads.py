"""Running one operation in many threads at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from centers.models import Reseller
from centers.tenancy.scoping import tenant


def at_once(operation: Callable[[int], Any], *, reseller: Reseller, times: int = 8) -> list[Any]:
    """What each thread got: a result, or the exception it met."""
    start = Barrier(times)

    def run(number: int) -> Any:
        try:
            with tenant(reseller):
                start.wait(timeout=20)
                return operation(number)
        except Exception as error:  # noqa: BLE001  # the test judges what it was
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))
