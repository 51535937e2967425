"""What travels is compressed, says so, and betrays no length; files and small answers leave as they are."""

import gzip

import brotli
import pytest
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from config.web.compression import CompressionMiddleware

PAGE = "<p>One of many rows of one page.</p>" * 100


def answered(response: HttpResponseBase, accepted: str = "gzip, deflate, br, zstd") -> HttpResponseBase:
    """The response as it leaves for a browser that accepts these encodings."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_ENCODING"] = accepted
    return CompressionMiddleware(lambda _request: response)(request)  # type: ignore[return-value]


@pytest.mark.parametrize("accepted", ["gzip, deflate, br, zstd", "br", "gzip;q=0.5, br;q=0.8"])
def test_a_page_is_compressed_with_brotli(accepted: str) -> None:
    response = answered(HttpResponse(PAGE), accepted)
    assert isinstance(response, HttpResponse)
    assert brotli.decompress(response.content).decode() == PAGE
    assert response["Content-Encoding"] == "br"
    assert response["Content-Length"] == str(len(response.content))
    assert response["Vary"] == "Accept-Encoding"
    assert len(response.content) < len(PAGE) / 10


@pytest.mark.parametrize("accepted", ["gzip", "gzip, br;q=0", "gzip, br; q=0.0", "gzip, brown"])
def test_a_browser_without_brotli_gets_gzip(accepted: str) -> None:
    response = answered(HttpResponse(PAGE), accepted)
    assert isinstance(response, HttpResponse)
    assert gzip.decompress(response.content).decode() == PAGE
    assert response["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("accepted", ["", "identity", "zstd"])
def test_a_client_that_takes_neither_gets_the_page_as_it_is(accepted: str) -> None:
    response = answered(HttpResponse(PAGE), accepted)
    assert isinstance(response, HttpResponse)
    assert response.content.decode() == PAGE
    assert response["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse("short"),
        HttpResponse(b"x" * 1000, content_type="image/png"),
        HttpResponse(b"x" * 1000, content_type="text/csv; charset=utf-8"),
        StreamingHttpResponse([b"x" * 1000]),
        FileResponse([b"x" * 1000], content_type="text/html"),
        HttpResponse(b"x" * 1000, headers={"Content-Encoding": "br"}),
    ],
)
def test_other_answers_leave_as_they_are(response: HttpResponseBase) -> None:
    before = response.getvalue() if isinstance(response, HttpResponse) else None
    left = answered(response)
    assert left.get("X-Padding") is None
    assert left.get("Content-Encoding") in (None, "br")
    if before is not None:
        assert isinstance(left, HttpResponse)
        assert left.content == before


@pytest.mark.parametrize("accepted", ["br", "gzip"])
def test_the_length_of_the_same_page_differs_from_answer_to_answer(accepted: str) -> None:
    lengths = set()
    for _answer in range(30):
        response = answered(HttpResponse(PAGE), accepted)
        assert isinstance(response, HttpResponse)
        lengths.add(len(response.content) + len(response.get("X-Padding", "")))
    assert len(lengths) > 5


@pytest.mark.django_db
def test_a_page_of_the_product_is_compressed_and_read_by_a_client() -> None:
    response = Client(headers={"accept-encoding": "br"}).get(reverse("account_login"))
    assert response["Content-Encoding"] == "br"
    assert "Accept-Encoding" in response["Vary"]
    assert 'name="csrfmiddlewaretoken"' in brotli.decompress(response.content).decode()
