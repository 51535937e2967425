"""kill -9 of `make run`, and of everything it started: the next run clears up and continues."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from devstack.supervisor import leftovers
from tests.devstack.checkout import Checkout, kill_hard
from tests.devstack.install import Install, interrupt

pytestmark = pytest.mark.chaos


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    made = Install(Checkout(tmp_path / "a checkout", everything=True))
    yield made
    leftovers.end(str(made.checkout.data()))
    made.checkout.remove()


DEMO = """
SELECT (SELECT count(*) FROM centers_center), (SELECT count(*) FROM whatsapp_instance),
       (SELECT count(*) FROM centers_membership), (SELECT count(*) FROM billing_margin),
       (SELECT bool_and(due = 0) FROM (SELECT sum(open_amount) AS due FROM billing_invoice
         JOIN centers_center c ON c.id = center_id WHERE c.name = 'Alexandria Books') AS one),
       (SELECT count(*) > 60 FROM billing_invoice), (SELECT count(*) > 40 FROM billing_payment),
       (SELECT count(*) >= 2 FROM billing_suspension)
"""


def test_the_next_run_clears_what_kill_9_left_and_goes_on_with_the_demo(install: Install) -> None:
    process = install.serve()
    kill_hard(process.pid)
    process.wait()
    assert install.marked(), "the workers should have outlived their supervisor"
    process = install.serve()
    assert "that an earlier run left behind" in install.output()
    with closing(install.checkout.database()) as database:
        database.execute("CREATE TABLE kept AS SELECT 1 AS one")
    kill_hard(*install.marked(), *install.checkout.pids())
    process.wait()
    process = install.serve()
    with closing(install.checkout.database()) as database:
        assert database.execute("SELECT one FROM kept").fetchone() == (1,)
        install.wait_for(process, "the demo is complete")
        assert database.execute(DEMO).fetchone() == (40, 55, 4, 4, True, True, True, True)
    interrupt(process)
    assert install.marked() == []
