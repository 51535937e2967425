"""The envelope: what counts as a success, what each failure becomes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.mazbot import ErrorKind, MazBotError
from whatsapp.mazbot.envelope import open_envelope, parse_object
from whatsapp.mazbot.fields import read_amount
from whatsapp.mazbot.transport import Answer


def failure_of(status, body=b"", **options):
    with pytest.raises(MazBotError) as caught:
        open_envelope(Answer(status, body, **options), secrets=["s3cret"])
    return caught.value


@pytest.mark.parametrize(
    "body", [b'{"success": true}', b'\xef\xbb\xbf {"success": true, "x": 1}', b'{"success":true}\n']
)
@pytest.mark.parametrize("status", [200, 201])
def test_success_is_literally_true(status, body):
    assert open_envelope(Answer(status, body), secrets=[])["success"] is True


@pytest.mark.parametrize("flag", ["false", '"false"', '" False "', "0", "0.0"])
def test_no_success_is_a_refusal(flag):
    error = failure_of(200, f'{{"success": {flag}, "message": "Not s3cret today"}}'.encode())

    assert (error.kind, error.retry, error.message) == (ErrorKind.REFUSED, False, "Not *** today")


def test_a_refusal_without_words_still_says_something():
    assert failure_of(200, b'{"success": false, "message": {}}').message == "MazBot refused without a reason"


@pytest.mark.parametrize("flag", ['"true"', "1", '"yes"', "[]", "{}", '""', "null"])
def test_a_flag_that_is_neither_is_malformed(flag):
    assert failure_of(200, f'{{"success": {flag}}}'.encode()).kind is ErrorKind.MALFORMED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>down</html>",
        b"null",
        b"[]",
        b'{"success": true',
        b'{"success": true} trailing',
        b'{"message": "the flag is missing"}',
        b'\xff\xfe{"success": true}',
        b'{"success": true, "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"success": true, "x": ' + b'{"a":' * 33 + b"1" + b"}" * 33 + b"}",
    ],
)
def test_what_cannot_be_read_is_malformed_and_may_pass(body):
    error = failure_of(200, body)

    assert (error.kind, error.retry) == (ErrorKind.MALFORMED, True)
    assert len(str(error)) < 200


@pytest.mark.parametrize(
    "number", ["NaN", "-Infinity", "9" * 100_000, "-" + "9" * 400, "1e99999999999999999999"]
)
def test_a_number_that_nothing_can_hold_costs_its_field_and_not_the_answer(number):
    payload = open_envelope(Answer(200, f'{{"success": true, "x": {number}, "y": 2}}'.encode()), secrets=())

    assert payload["y"] == 2
    assert len(str(payload["x"])) < 30
    with pytest.raises(MazBotError):
        read_amount(payload["x"], "x")


@pytest.mark.parametrize(
    ("status", "kind", "retry"),
    [
        (204, ErrorKind.MALFORMED, True),
        (302, ErrorKind.LOCALE_PATH, False),
        (400, ErrorKind.INVALID, False),
        (401, ErrorKind.LOGIN, False),
        (403, ErrorKind.REFUSED, False),
        (404, ErrorKind.NOT_FOUND, False),
        (408, ErrorKind.TIMEOUT, True),
        (418, ErrorKind.REFUSED, False),
        (422, ErrorKind.INVALID, False),
        (500, ErrorKind.SERVER, True),
        (503, ErrorKind.SERVER, True),
        (999, ErrorKind.MALFORMED, True),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>s3cret", b'{"message": "Oh s3cret"}', b'{"errors": 7}'])
def test_every_status_has_a_kind(status, kind, retry, body):
    error = failure_of(status, body, retry_after=3.0)

    assert (error.kind, error.retry, error.status_code) == (kind, retry, status)
    assert "s3cret" not in str(error)


@pytest.mark.parametrize("status", [200, 401, 403])
def test_a_refused_key_is_recognised(status):
    for words in ("Invalid API key", "apikey missing", "Wrong api_key"):
        body = f'{{"success": false, "message": "{words}"}}'.encode()
        assert failure_of(status, body).kind is ErrorKind.API_KEY


def test_field_errors_are_kept_bounded_and_clean():
    body = (
        b'{"message": "Invalid", "errors": {"instance_id": ["The id is\\u0000 bad", 5, "s3cret"], "action": "no",'
        + b",".join(b'"f%d": ["x"]' % number for number in range(50))
        + b"}}"
    )

    errors = failure_of(422, body).field_errors

    assert errors["instance_id"] == ("The id is bad", "***")
    assert errors["action"] == ("no",)
    assert len(errors) == 20


def test_hostile_quotes_cost_no_time():
    started = time.process_time()
    for body in (b'{"\\"' + b'\\"' * 1_000_000, b'{"' + b"\\" * 1_999_999, b"{" + b'"' * 1_999_998):
        with pytest.raises(ValueError):
            parse_object(body)

    assert time.process_time() - started < 5


@given(
    st.integers(100, 999), st.binary(max_size=300) | st.text(max_size=200).map(lambda t: ("{" + t).encode())
)
def test_any_answer_is_an_error_or_a_success(status, body):
    shown, payload = "", {"success": True}
    try:
        payload = open_envelope(Answer(status, body), secrets=["s3cret"])
    except MazBotError as error:
        shown = str(error)

    assert len(shown) < 1000
    assert payload["success"] is True
