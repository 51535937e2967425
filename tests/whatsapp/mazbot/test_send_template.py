"""send-template against the sandbox over HTTP: what arrives, and what each refusal means."""

import json
import pickle

import pytest

from tests.whatsapp.mazbot.conftest import API_KEY, LATE, LOGIN, http
from whatsapp.mazbot import ErrorKind, MazBotError, TemplateError, TemplateProblem, budget_usage
from whatsapp.mazbot.lane import Lane

MOBILE = "966501234567"


def problem_of(call):
    with pytest.raises(TemplateError) as caught:
        call()
    return caught.value


def test_an_accepted_message_has_an_id_and_arrives_filled_in(bot, sandbox):
    sent = bot.send_template("late", MOBILE, ["Ali", "INV-7 \N{RIGHT-TO-LEFT MARK}"])

    message = sandbox.control.messages()[-1]
    assert (sent.message_id, message.mobile) == (message.message_id, MOBILE)
    assert message.text == "Hello Ali, invoice INV-7 \N{RIGHT-TO-LEFT MARK} is due."


def test_it_is_multipart_also_for_an_account_that_wants_json(raw, raw_bot):
    raw.reply = lambda path: [http(b'{"success": true}')]
    raw_bot.send_template("t", MOBILE, ["v"])

    assert b"multipart/form-data" in raw.heads[-1]
    assert b'name="body_matchs[1]"\r\n\r\ninput_value' in raw.heads[-1]
    assert b'name="body_values[1]"\r\n\r\nv' in raw.heads[-1]


def test_its_requests_have_a_lane_of_their_own(bot, valkey):
    before = budget_usage(valkey, "acc-1").last_hour[Lane.NOTIFICATION]
    bot.send_template("t", MOBILE)

    assert budget_usage(valkey, "acc-1").last_hour[Lane.NOTIFICATION] == before + 1


@pytest.mark.parametrize("status", ["pending", "rejected", "paused"])
def test_a_template_that_is_not_approved(bot, sandbox, status):
    sandbox.control.set_template_status(API_KEY, "late", status)

    error = problem_of(lambda: bot.send_template("late", MOBILE, ["Ali", "7"]))

    assert (error.problem, error.unsure, error.retry) == (TemplateProblem.TEMPLATE, False, False)


def test_a_template_that_does_not_exist(bot):
    assert problem_of(lambda: bot.send_template("none", MOBILE)).problem is TemplateProblem.TEMPLATE


@pytest.mark.parametrize("values", [[], ["a"], ["a", "b", "c"], ["a", "b     c"]])
def test_variables_that_the_template_does_not_take(bot, values):
    error = problem_of(lambda: bot.send_template("late", MOBILE, values))

    assert (error.problem, error.unsure) == (TemplateProblem.VARIABLES, False)


@pytest.mark.parametrize("value", ["", " ", "a\nb", "a\tb", "x" * 1025, "\ud800", "\u2028"])
def test_variables_that_whatsapp_never_takes_are_not_sent(bot, sandbox, value):
    sent = len(sandbox.control.requests_log())

    assert (
        problem_of(lambda: bot.send_template("late", MOBILE, ["a", value])).problem
        is TemplateProblem.VARIABLES
    )
    assert len(sandbox.control.requests_log()) == sent


def test_a_number_without_whatsapp(bot, sandbox):
    sandbox.control.set_whatsapp("15550001111", has_whatsapp=False)

    assert problem_of(lambda: bot.send_template("t", "15550001111")).problem is TemplateProblem.NUMBER
    assert problem_of(lambda: bot.send_template("t", "+966 50")).problem is TemplateProblem.NUMBER


def test_a_quota_that_is_used_up(bot, sandbox):
    sandbox.control.set_quota(API_KEY, 0)

    assert problem_of(lambda: bot.send_template("t", MOBILE)).problem is TemplateProblem.QUOTA


def test_too_many_requests_say_when_to_come_back(bot, sandbox, valkey):
    bot.login()
    sandbox.control.set_fault("send_template", "429_retry_after", times=1, delay=1)

    error = problem_of(lambda: bot.send_template("t", MOBILE))

    assert (error.problem, error.unsure, error.retry_after) == (
        TemplateProblem.LIMIT,
        False,
        pytest.approx(1, abs=0.2),
    )
    assert problem_of(lambda: bot.send_template("t", MOBILE, deadline=0)).problem is TemplateProblem.LIMIT


def test_a_refused_login(bot, sandbox):
    sandbox.control.set_fault("login", "success_false", times=1)
    sandbox.control.set_fault("send_template", "expired_token", times=1)

    error = problem_of(lambda: bot.send_template("t", MOBILE))

    assert (error.problem, error.unsure) == (TemplateProblem.LOGIN, False)


@pytest.mark.parametrize("fault", ["timeout_after_acting", "bad_json", "html_500", "reset", "slow_drip"])
def test_an_answer_that_is_lost_leaves_it_unsure_and_is_not_repeated(request, sandbox, fault):
    late = fault in ("timeout_after_acting", "slow_drip")
    bot = request.getfixturevalue("hasty_bot" if late else "bot")
    bot.login()
    sandbox.control.set_fault("send_template", fault, times=1, delay=0.05 if fault == "slow_drip" else LATE)
    start = len(sandbox.control.requests_log())

    error = problem_of(lambda: bot.send_template("t", MOBILE))

    assert (error.problem, error.unsure) == (TemplateProblem.PASSING, True)
    calls = [entry.call for entry in sandbox.control.requests_log()[start:]]
    assert calls.count("send_template") <= 1


def test_what_never_left_is_certain(raw, raw_bot):
    raw.answers_logins = False
    raw.reply = lambda path: [http(b"", "500 No")]
    assert problem_of(lambda: raw_bot.send_template("t", MOBILE)).unsure is False  # the login failed
    raw.reply = lambda path: [http(LOGIN)]  # and closes the connection
    raw_bot.login()
    raw.server.shutdown()
    raw.server.server_close()

    error = problem_of(lambda: raw_bot.send_template("t", MOBILE))

    assert (error.kind, error.problem, error.unsure) == (ErrorKind.NETWORK, TemplateProblem.PASSING, False)


SAID = [
    ({"message": "(#132000) Number of parameters does not match the expected number of params"}, "variables"),
    ({"message": "عدد متغيرات القالب غير صحيح"}, "variables"),
    ({"message": "(#132001) Template name does not exist in the translation"}, "template"),
    ({"message": "لم تتم الموافقة على القالب"}, "template"),
    ({"message": "(#131026) Message undeliverable"}, "number"),
    ({"message": "The number is not registered on WhatsApp"}, "number"),
    ({"message": "رقم الجوال غير صحيح"}, "number"),
    ({"message": "(#131048) Spam rate limit hit"}, "quota"),
    ({"message": "Insufficient balance"}, "quota"),
    ({"message": "لقد تجاوزت الحد اليومي"}, "quota"),
    ({"message": "Invalid API key"}, "login"),
    ({"message": "Forbidden"}, "refused"),
    ({}, "refused"),
]


@pytest.mark.parametrize(("said", "problem"), SAID)
def test_a_refusal_is_understood_by_its_words(raw, raw_bot, said, problem):
    raw.reply = lambda path: [http(json.dumps({"success": False, **said}).encode())]

    assert problem_of(lambda: raw_bot.send_template("t", MOBILE)).problem == problem


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({}, ""),
        ({"message_id": "wamid.A=="}, "wamid.A=="),
        ({"data": {"id": 17}}, "17"),
        ({"data": {"messages": [{"id": "wamid.B"}]}}, "wamid.B"),
        ({"messages": [{"id": "wamid.C"}]}, "wamid.C"),
        ({"message_id": "a\r\nb", "data": [1], "messages": "x"}, ""),
        ({"message_id": True, "id": "x" * 201}, ""),
    ],
)
def test_the_id_is_read_wherever_services_put_it(raw, raw_bot, answer, found):
    raw.reply = lambda path: [http(json.dumps({"success": True, **answer}).encode())]

    assert raw_bot.send_template("t", MOBILE).message_id == found


def test_its_errors_survive_a_trip_to_another_process():
    error = TemplateError.of(MazBotError(ErrorKind.TIMEOUT, "late", status_code=408), sent=True)
    copy = pickle.loads(pickle.dumps(error))

    assert (copy.kind, copy.problem, copy.unsure, copy.status_code) == (
        ErrorKind.TIMEOUT,
        TemplateProblem.PASSING,
        True,
        408,
    )
