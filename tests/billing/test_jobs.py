"""The jobs of money are the same in every list of them."""

from billing.jobs import JOBS
from billing.registration import _JOBS
from config.celery import ROUTES


def test_every_job_is_on_the_jobs_page_and_has_a_queue() -> None:
    assert {name for name, *_ in _JOBS} == JOBS.keys()
    assert {f"billing.{name}" for name in JOBS} | {f"billing.tick_{name}" for name in JOBS} <= ROUTES.keys()
