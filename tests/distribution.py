"""Which worker of pytest-xdist runs which tests and when, and which tests are measured where coverage is."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

BROWSER_TESTS = "tests/browser/"
#: What takes longest, in this order: it must not begin last, or the other workers would wait for it at the end.
LONGEST = (
    BROWSER_TESTS,
    "tests/devstack/test_supervisor.py",
    "tests/devstack/test_embedded.py",
    "tests/billing/year/test_year.py",
    "tests/billing/test_any_order.py",
    "tests/billing/test_fault_points.py",
    "tests/guards/test_url_access.py",
    "tests/whatsapp/monitoring/test_dispatcher.py",
    "tests/devstack/test_mutants.py",
    "tests/guards/test_mass_assignment.py",
    "tests/whatsapp/mazbot/test_circuit.py",
    "tests/whatsapp/mazbot/test_lanes.py",
    "tests/whatsapp/mazbot/test_budget_shared.py",
    "tests/config/test_deploy.py",
    "tests/config/test_connections.py",
    "tests/guards/test_hostile_input.py",
    "tests/guards/test_foreign_ids.py",
    "tests/whatsapp/monitoring/test_hour.py",
    "tests/whatsapp/mazbot/test_faults.py",
    "tests/whatsapp/mazbot/test_malformed.py",
    "tests/guards/test_query_counts.py",
    "tests/billing/usage/test_late_usage.py",
    "tests/billing/views/test_access.py",
    "tests/billing/views/test_exports.py",
    "tests/billing/views/paying/test_payment_in_between.py",
    "tests/billing/test_malformed_jobs.py",
    "tests/guards/test_third_language.py",
    "tests/guards/test_style.py",
    "tests/whatsapp/test_workers.py",
    "tests/config/test_live.py",
    "tests/devstack/test_translations.py",
)
#: Modules, and single tests, that reach all of the modules that pyproject.toml wants covered whole.
MEASURED = frozenset(
    line
    for line in Path(__file__).with_name("measured.txt").read_text().split("\n")
    if line and line[0] != "#"
)


def is_measured(nodeid: str) -> bool:
    """Whether `make test` with CI=true measures what the test runs; tracing costs two thirds of its time again."""
    test = nodeid.partition("[")[0]
    return test in MEASURED or test.partition("::")[0] in MEASURED


class MeasuredOnly:
    """A plugin that stops coverage's tracer while tests run that are not measured, their fixtures included.

    pytest-cov's mark `no_cover` stops it around the call of a test only, and the tracer costs as much elsewhere.
    """

    def __init__(self, coverage: Any) -> None:
        self._coverage = coverage  # pytest-cov's plugin
        self._traces = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._trace(is_measured(item.nodeid))
        return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        try:
            return (yield)
        finally:
            self._trace(True)  # pytest-cov is about to stop it

    def _trace(self, traces: bool) -> None:
        if traces != self._traces:
            self._traces = traces
            controller = self._coverage.cov_controller
            (controller.resume if traces else controller.pause)()


class LongestFirst(LoadScopeScheduling):
    """A worker runs all tests of a module, since they share fixtures; long modules begin before short ones.

    The browser tests are one module in this respect: the worker that runs them starts the product. The mark
    `xdist_group` would do the same, but has no effect with pytest 9.2 (pytest-xdist issue 1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return BROWSER_TESTS if module.startswith(BROWSER_TESTS) else module

    def _assign_work_unit(self, node: WorkerController) -> None:
        self.workqueue.move_to_end(min(self.workqueue, key=_rank), last=False)
        super()._assign_work_unit(node)


def _rank(module: str) -> int:
    return LONGEST.index(module) if module in LONGEST else len(LONGEST)
