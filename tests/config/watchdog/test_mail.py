"""The watchdog's own mail: by a provider's API too, and in plain words where the mail server takes none."""

import json
import os
import subprocess
import sys
from typing import Any

from config.watchdog import probes
from tests.centers.mail.servers import NAME, only_with_password, server, use, use_port
from tests.centers.notifications.channels.services import running
from tests.config.test_compose import ROOT


def test_a_mail_server_that_takes_no_mail_is_explained_to_the_operator(settings: Any) -> None:
    with server(authenticator=only_with_password, auth_require_tls=False) as (_inbox, port):
        use_port(settings, port, who=(NAME, "canary"))
        found = probes.mail()["mail"]
    assert found.startswith(
        "The mail server 127.0.0.1 takes no mail: 127.0.0.1 refused the sign-in. Check the name"
    )
    assert "It said: 535" in found
    assert "canary" not in found
    assert "refused the connection on port" in probes.mail()["mail"]
    with server() as (_inbox, port):
        use_port(settings, port)
        assert probes.mail() == {"mail": ""}
    use(settings, "postmark:?server_token=x")
    assert probes.mail() == {}


def test_it_sends_by_a_provider_without_the_product(tmp_path: Any) -> None:
    with running() as service:
        taken = {"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": "operator@example.com"}
        service.answers(200, {}, json.dumps(taken).encode())
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OPERATOR_", "HEARTBEAT"))
        }
        env |= {
            "SECRET_KEY": "watchdog-" + "x" * 50,
            "FIELD_KEYS": "0Yh3w3sKRxlOSaDmvcYFqTCmvG5kMYtwFmEFsd4H6lM=",
            "EMAIL_URL": f"postmark:?server_token=x&api_url={service.url}/",
            "OPERATOR_EMAILS": "operator@example.com",
        }
        command = [sys.executable, "-m", "config.watchdog", "--test"]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.stdout.splitlines() == ["mail: taken"], done.stderr
        assert json.loads(service.received[0].body)["Subject"] == "[Markaz] This is a test of the watchdog"
        service.answers(401, {}, b'{"ErrorCode": 10, "Message": "The Server Token is wrong."}')
        failed = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "Postmark refused the key. Check the key in EMAIL_URL" in failed.stderr
