"""Messages reach the person once: with the next page, or with the htmx answer."""

import json
from collections.abc import Callable

import pytest
from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from centers.web.toasts import ToastMiddleware, toast


def answer(view: Callable[[HttpRequest], HttpResponse], *, htmx: bool) -> tuple[HttpRequest, HttpResponse]:
    request = RequestFactory().post("/", headers={"HX-Request": "true"} if htmx else {})
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    response = ToastMiddleware(view)(request)
    assert isinstance(response, HttpResponse)
    return request, response


def said(request: HttpRequest) -> HttpResponse:
    toast(request, "Saved “عربي”")
    toast(request, "Not saved", "error")
    return HttpResponse("part")


def test_an_htmx_answer_carries_its_messages() -> None:
    _, response = answer(said, htmx=True)
    assert json.loads(response["HX-Trigger"]) == {
        "toast": {
            "items": [{"text": "Saved “عربي”", "tone": "success"}, {"text": "Not saved", "tone": "danger"}]
        }
    }
    assert response["HX-Trigger"].isascii()


def test_a_page_keeps_them_for_its_template() -> None:
    request, response = answer(said, htmx=False)
    assert "HX-Trigger" not in response
    assert [str(message) for message in messages.get_messages(request)] == ["Saved “عربي”", "Not saved"]


@pytest.mark.parametrize("header", ["HX-Redirect", "HX-Refresh", "HX-Location"])
def test_they_wait_for_the_page_the_browser_goes_to(header: str) -> None:
    def leaves(request: HttpRequest) -> HttpResponse:
        response = said(request)
        response[header] = "/elsewhere/"
        return response

    request, response = answer(leaves, htmx=True)
    assert "HX-Trigger" not in response
    assert len(messages.get_messages(request)) == 2


def test_a_message_a_template_showed_is_not_said_again() -> None:
    def shows(request: HttpRequest) -> HttpResponse:
        said(request)
        return HttpResponse(" ".join(str(message) for message in messages.get_messages(request)))

    assert "HX-Trigger" not in answer(shows, htmx=True)[1]
