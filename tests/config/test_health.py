"""The probes, and who may read the metrics."""

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import Settings

from config import health


def test_alive_needs_nothing_else(client: Client) -> None:
    assert client.get("/livez").content == b"ok"
    assert client.post("/livez").status_code == 405


@pytest.mark.django_db
def test_ready_names_what_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/readyz").json() == {"database": True, "valkey": True, "migrations": True}

    def away() -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(health, "_ask_valkey", away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["valkey"]) == (503, False)


@pytest.mark.django_db
def test_new_code_on_old_tables_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    MigrationRecorder.Migration.objects.filter(app="billing").delete()
    monkeypatch.setitem(health._seen, "migrated", False)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["migrations"], answer.json()["database"]) == (503, False, True)


@pytest.mark.django_db
def test_figures_are_for_this_machine_or_for_the_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    near = Client(SERVER_NAME="localhost", SERVER_PORT="8000")
    client.get("/livez")
    shown = near.get("/metrics")
    assert 'markaz_requests_total{status="200",view="livez"}' in shown.content.decode()
    assert near.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 403
    assert client.get("/metrics").status_code == 403, "asked by the name that the world uses"
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"):
        assert near.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403, header
    settings.LIVE_LIMITS = {**settings.LIVE_LIMITS, "behind_proxy": True}
    assert near.get("/metrics").status_code == 403
    settings.METRICS_TOKEN = "s3cret"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    far = client.get("/metrics", headers={"Authorization": "Bearer s3cret"}, REMOTE_ADDR="192.0.2.1")
    assert far.status_code == 200
