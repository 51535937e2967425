"""docker-compose.yml and the Dockerfile start what `make run` starts, prepared the same way.

No Docker engine is needed: the files are parsed and compared with the supervisor's own commands.
"""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.web.connections import CONNECTIONS, OTHER_FILES
from devstack.supervisor import commands

ROOT = Path(__file__).resolve().parents[2]
SERVERS = {"postgres", "valkey"}
#: What needs the servers, and waits for them.
PROCESSES = {"web", *commands.WORKERS, "beat"}
# Interpolated for the servers or for Docker itself, not read by our settings.
NOT_OURS = {"POSTGRES_PASSWORD", "VALKEY_PASSWORD", "BACKUP_FOLDER"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())


def known_settings() -> set[str]:
    """Every variable that settings.py or devstack.embedded reads."""
    tree = ast.parse((ROOT / "config" / "settings.py").read_text())
    read = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    return read | {"DATABASE_URL", "REDIS_URL"}


def test_the_services_are_the_servers_and_the_supervisors_processes(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == SERVERS | PROCESSES | {"migrate", "watchdog"}


def test_every_command_is_the_supervisors(compose: dict[str, Any]) -> None:
    expected = {name: commands.worker(name) for name in commands.WORKERS}
    expected["web"] = commands.web(host="0.0.0.0", port=8000)
    expected["beat"] = commands.beat(schedule="/app/state/celerybeat-schedule")
    expected["watchdog"] = commands.watchdog(state="/app/state/watchdog.json")
    assert {name: compose["services"][name]["command"] for name in PROCESSES | {"watchdog"}} == expected


def test_the_watchdog_waits_for_nothing_that_it_watches(compose: dict[str, Any]) -> None:
    assert compose["services"]["watchdog"]["depends_on"] == {}
    assert compose["services"]["watchdog"]["restart"] == "unless-stopped"


def test_the_images_own_command_serves_the_pages(dockerfile: str) -> None:
    (line,) = re.findall(r"^CMD (.*)$", dockerfile, re.MULTILINE)
    assert json.loads(line) == commands.web(host="0.0.0.0", port=8000)


def test_every_variable_is_one_that_the_settings_read(compose: dict[str, Any]) -> None:
    for name in PROCESSES | {"migrate"}:
        assert set(compose["services"][name]["environment"]) <= known_settings()


def test_every_interpolated_variable_is_explained_in_the_example() -> None:
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    example = (ROOT / ".env.example").read_text()
    explained = set(re.findall(r"^#? ?(\w+)=", example, re.MULTILINE))
    assert used <= explained
    assert explained <= known_settings() | NOT_OURS


def test_the_servers_are_the_embedded_ones(compose: dict[str, Any]) -> None:
    postgres, valkey = compose["services"]["postgres"], compose["services"]["valkey"]
    assert postgres["image"] == "postgres:18"
    assert "--builtin-locale=C.UTF-8" in postgres["environment"]["POSTGRES_INITDB_ARGS"]
    assert valkey["image"] == "valkey/valkey:9"
    for option in ("--maxmemory-policy noeviction", "--appendonly yes", "--requirepass"):
        assert option in valkey["command"][-1]


def test_servers_are_reachable_only_from_inside(compose: dict[str, Any]) -> None:
    published = {
        name: service["ports"] for name, service in compose["services"].items() if "ports" in service
    }
    assert published == {"web": ["127.0.0.1:${PORT:-8000}:8000"]}


def test_processes_wait_for_healthy_servers_and_migrations(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in PROCESSES:
        waits = {other: how["condition"] for other, how in services[name]["depends_on"].items()}
        assert waits == {
            "postgres": "service_healthy",
            "valkey": "service_healthy",
            "migrate": "service_completed_successfully",
        }
    for name in SERVERS | {"web", *commands.WORKERS}:
        assert services[name]["healthcheck"]["test"]
    assert "/readyz" in " ".join(services["web"]["healthcheck"]["test"])


def test_the_web_service_may_open_as_many_files_as_it_takes_connections(compose: dict[str, Any]) -> None:
    assert compose["services"]["web"]["ulimits"]["nofile"] >= CONNECTIONS + OTHER_FILES


def test_every_named_volume_is_declared_and_used(compose: dict[str, Any]) -> None:
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
        if volume[0].isalpha()  # others are folders of the machine
    }
    assert used == set(compose["volumes"])


def test_the_image_is_prepared_like_make_run(dockerfile: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "-I devstack/bootstrap.py" in makefile
    assert "$(BOOTSTRAP) memory devstack" in makefile
    assert "RUN python3 -I devstack/bootstrap.py base" in dockerfile
    assert "manage.py collectstatic --no-input" in dockerfile
    assert "USER markaz" in dockerfile
    assert dockerfile.index("USER markaz") < dockerfile.index("CMD ")


def test_the_image_has_no_development_stack() -> None:
    """Only what prepares an environment; translations are compiled and compared by `make check`."""
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored.index("devstack") < ignored.index("!devstack/bootstrap.py")


def test_everything_that_the_image_copies_exists(dockerfile: str) -> None:
    for line in re.findall(r"^COPY (.*)$", dockerfile, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source


def test_no_secret_enters_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".env", ".local", ".git", ".venv", "node_modules"} <= set(ignored)
