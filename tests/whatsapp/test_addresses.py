"""An owner enters only public addresses of a MazBot; an operator may enter any."""

import pytest
from django.test import override_settings

from centers.errors import OperationRefused
from whatsapp.addresses import check_account_url, may_call


def test_an_owner_cannot_point_a_real_install_at_itself():
    check_account_url("http://127.0.0.1:9100/api")
    with override_settings(TESTING=False, DEMO=False), pytest.raises(OperationRefused):
        check_account_url("http://127.0.0.1:9100/api")


def test_what_only_an_operator_can_enter_is_called_and_a_name_that_turned_inside_is_not(settings):
    settings.TESTING = settings.DEMO = False
    assert may_call("mazbot.example.com", "93.184.215.14")
    for inside in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "64:ff9b::7f00:1"):
        assert not may_call("mazbot.example.com", inside)
    for entered_by_an_operator in ("127.0.0.1", "localhost", "mazbot", "mazbot.internal", "::1"):
        assert may_call(entered_by_an_operator, "127.0.0.1")
    settings.MAZBOT_INTERNAL_HOSTS = frozenset({"mazbot.example.com"})
    assert may_call("MazBot.example.com", "10.0.0.1")
    check_account_url("https://mazbot.example.com/api")
