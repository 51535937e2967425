"""The watchdog as a process of its own: what it watches is really taken away, and the operator is notified once."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
import time_machine
from aiosmtpd.controller import Controller
from kombu import Connection

from centers.queue.heartbeats import HEARTBEAT_KEY
from config.celery import QUEUES, app
from devstack import embedded
from tests.browser.stack import free_port
from tests.centers.notifications.channels.services import Service, running

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 240.0  # seconds; a busy machine takes long to start a process
pytestmark = pytest.mark.timeout(900)


class Road:
    """A port that leads to a server until it is closed: connections through it break, new ones are refused."""

    def __init__(self, host: str, port: int) -> None:
        self.target, self.port = (host, port), free_port()
        self.sockets: list[socket.socket] = []
        self.open()

    def open(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def close(self) -> None:
        for one in (self.listener, *self.sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self.target)
                self.sockets += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def road_to(url: str) -> tuple[Road, str]:
    """A road to the server of an address, and the address that takes it."""
    parts = urlsplit(url)
    road = Road(parts.hostname or "", parts.port or 0)
    return road, urlunsplit(
        parts._replace(netloc=parts.netloc.rpartition("@")[0] + f"@127.0.0.1:{road.port}")
    )


class Mails:
    """A mail server, and the subjects it took."""

    def __init__(self) -> None:
        self.subjects: list[str] = []
        self.port = free_port()
        self.start()

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:
        text = envelope.content.decode()  # type: ignore[attr-defined]
        head = text.partition("\r\n\r\n")[0].replace("\r\n ", " ")
        self.subjects += [
            line.removeprefix("Subject: ") for line in head.split("\r\n") if line.startswith("Subject: ")
        ]
        return "250 OK"

    def start(self) -> None:
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        self.controller.stop(no_assert=True)


class Install:
    """The servers of an install, each of which can be taken away, and its watchdog."""

    def __init__(self, folder: Path, hook: Service, heartbeat: Service) -> None:
        self.hook, self.heartbeat, self.mails = hook, heartbeat, Mails()
        self.database, database_url = road_to(embedded.database_url())
        self.valkey, valkey_url = road_to(embedded.redis_url())
        self.backup, self.folder = folder / "markaz.dump", folder
        self.backup.write_bytes(b"dump")
        self.env = os.environ | {
            "DATABASE_URL": database_url,
            "REDIS_URL": valkey_url,
            "SECRET_KEY": "watchdog-" + "x" * 50,
            "FIELD_KEYS": "0Yh3w3sKRxlOSaDmvcYFqTCmvG5kMYtwFmEFsd4H6lM=",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mails.port}",
            "OPERATOR_EMAILS": "operator@example.com",
            "OPERATOR_WEBHOOK": f"{hook.url}/hook",
            "HEARTBEAT_URL": f"{heartbeat.url}/ping",
            "BACKUP_PATH": str(self.backup),
            "WATCHDOG_SECONDS": "0.3",
            "WATCHDOG_DISK_PERCENT": "101",
        }
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "config.watchdog", "--state", str(self.folder / "state.json")]
        with (self.folder / "watchdog.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def said(self) -> list[str]:
        """What the webhook was notified, in order: "+" for an opened problem, "-" for one that is over."""
        documents = [json.loads(one.body) for one in list(self.hook.received)]
        return [
            sign + text.split(" ")[1]
            for document in documents
            for sign, part in (("+", "opened"), ("=", "lasting"), ("-", "solved"))
            for text in document[part]
        ]

    def wait(self, true: Callable[[], bool], what: str) -> None:
        """Until it is true; the watchdog's log says why it is not."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert self.process.poll() is None, (self.folder / "watchdog.log").read_text()
            assert time.monotonic() < deadline, (
                f"{what}: {self.said()} {self.mails.subjects} {(self.folder / 'watchdog.log').read_text()[-3000:]}"
            )
            time.sleep(0.05)

    def some_looks(self) -> None:
        """Until the watchdog has looked three more times."""
        until = len(self.heartbeat.received) + 3
        self.wait(lambda: len(self.heartbeat.received) >= until, "looks")


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    with ExitStack() as services:
        made = Install(tmp_path, services.enter_context(running()), services.enter_context(running()))
        yield made
        made.kill()
        made.mails.stop()
        made.database.close()
        made.valkey.close()


def test_each_server_that_goes_is_reported_once_and_so_is_its_return(install: Install) -> None:
    install.some_looks()
    assert {one.path for one in install.heartbeat.received} == {"/ping"}
    assert install.said() == []

    install.database.close()
    install.wait(lambda: install.said() == ["+database"], "the database's end")
    install.valkey.close()
    install.wait(lambda: install.said() == ["+database", "+can't"], "Valkey's end")
    assert install.heartbeat.received[-1].path == "/ping/fail"
    install.some_looks()
    install.database.open()
    install.valkey.open()
    install.wait(lambda: len(install.said()) == 4, "their return")
    install.some_looks()
    assert install.said()[:2] == ["+database", "+can't"]
    assert sorted(install.said()[2:]) == ["-can't", "-database"]
    assert install.heartbeat.received[-1].path == "/ping"
    assert len(install.mails.subjects) in (3, 4)  # both returns in one message or in two
    assert install.mails.subjects[0].startswith("[Markaz] The database can't be reached")


def test_a_kill_of_the_watchdog_repeats_nothing(install: Install) -> None:
    os.utime(install.backup, (0, 0))
    install.wait(lambda: len(install.mails.subjects) == 1 and len(install.said()) == 1, "the old backup")
    for _ in range(3):
        install.some_looks()  # what a receiver took is written down right after it, which a kill may prevent
        install.kill()
        install.start()
    install.some_looks()
    assert len(install.mails.subjects) == len(install.said()) == 1
    install.kill()
    os.utime(install.backup)
    install.start()
    install.wait(lambda: len(install.mails.subjects) == 2 and len(install.said()) == 2, "the new backup")
    assert install.mails.subjects[1].startswith("[Markaz] Solved: The newest backup")


def test_a_dead_mail_server_is_reported_to_the_webhook_and_the_mail_follows_when_it_returns(
    install: Install,
) -> None:
    install.some_looks()
    install.kill()
    install.mails.stop()
    install.start()  # it asks the mail server at once, later every five minutes
    install.wait(lambda: install.said() == ["+mail"], "the mail server's end")
    os.utime(install.backup, (0, 0))
    install.wait(lambda: install.said() == ["+mail", "+newest"], "the old backup")
    assert install.mails.subjects == []
    install.mails.start()
    install.wait(lambda: len(install.mails.subjects) >= 1, "the mail that waited")
    install.wait(lambda: "-mail" in install.said(), "the mail server's return")


def test_a_task_that_no_worker_takes_is_reported_once_and_so_is_its_end(install: Install) -> None:
    url = embedded.redis_url()
    options = app.conf.broker_transport_options
    with redis.Redis.from_url(url) as valkey, Connection(url, transport_options=options) as broker:
        valkey.flushdb()
        with time_machine.travel(time.time() - 6 * 60):
            app.send_task("billing.usage", kwargs={"reseller_id": 1}, connection=broker)
        install.wait(lambda: install.said() == ["+oldest"], "the task that waits")
        assert install.mails.subjects == [
            "[Markaz] The oldest task of the queue metering has waited 6 minutes"
        ]
        valkey.rpop("markaz:metering")  # as a worker does, which also takes heartbeats
        for turn in range(2):
            valkey.mset({HEARTBEAT_KEY.format(queue=queue): turn for queue in QUEUES})
            install.some_looks()
        install.wait(lambda: install.said() == ["+oldest", "-oldest"], "its end")
        valkey.flushdb()


def test_a_test_message_reaches_every_receiver(install: Install) -> None:
    install.kill()
    command = [sys.executable, "-m", "config.watchdog", "--test"]
    done = subprocess.run(command, cwd=ROOT, env=install.env, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["mail: taken", "webhook: taken", "heartbeat: taken"]
    assert install.mails.subjects == ["[Markaz] This is a test of the watchdog"]
    install.mails.stop()
    failed = subprocess.run(command, cwd=ROOT, env=install.env, capture_output=True, text=True, check=False)
    assert (failed.returncode, failed.stdout.splitlines()[0]) == (1, "mail: NOT taken, see the log")
    install.mails.start()
