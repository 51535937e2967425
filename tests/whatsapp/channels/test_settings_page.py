"""Settings, WhatsApp messages: templates per kind and language, and a test that says what is wrong."""

from dataclasses import dataclass

import pytest
from django.http import HttpResponse
from django.test import Client

from centers.models import AuditEntry, Role
from centers.tenancy.scoping import tenant
from tests.factories import member
from tests.whatsapp.conftest import Place
from whatsapp.models import TemplateSetting

PHONE = "+218912345678"


@dataclass
class Page:
    place: Place
    client: Client

    def url(self, path: str = "") -> str:
        return f"/r/{self.place.reseller.slug}/settings/whatsapp/{path}"

    def save(self, **changed: str) -> HttpResponse:
        fields = {
            "kind": "all",
            "language": "en",
            "template_id": "notice",
            "variable_1": "subject",
            "variable_2": "link",
        }
        return self.client.post(self.url(), {**fields, **changed})  # type: ignore[return-value]

    def test(self, phone: str = PHONE) -> HttpResponse:
        row = TemplateSetting.objects.get()
        headers = {"HX-Request": "true"}
        data = {"setting": row.pk, "phone": phone}
        return self.client.post(self.url("test/"), data, headers=headers)  # type: ignore[return-value]


@pytest.fixture
def shown(place: Place) -> Page:
    place.control.add_template(place.api_key, "notice", "{{1}} {{2}}")
    client = Client()
    client.force_login(member(place.reseller, Role.OWNER))
    return Page(place, client)


def test_a_saved_template_is_listed_and_saving_again_replaces_it(shown: Page) -> None:
    assert shown.save().status_code == 302
    assert shown.save(template_id="notice_2", variable_2="").status_code == 302
    row = TemplateSetting.objects.get()
    assert (row.template_id, row.variables) == ("notice_2", ["subject"])
    text = shown.client.get(shown.url()).content.decode()
    assert "notice_2" in text
    assert "All other messages" in text
    edited = shown.client.get(shown.url(f"?edit={row.pk}")).content.decode()
    assert 'value="notice_2"' in edited
    assert [one.action for one in AuditEntry.objects.all()] == ["message_template.saved"] * 2


@pytest.mark.parametrize(
    "changed",
    [
        {"template_id": ""},
        {"template_id": "a\x00b"},
        {"template_id": "x" * 101},
        {"kind": "no-such-kind"},
        {"language": "xx"},
        {"variable_1": "password"},
        {"variable_1": ""},
    ],
)
def test_what_cannot_be_a_template_is_refused(shown: Page, changed: dict[str, str]) -> None:
    assert shown.save(**changed).status_code == 422
    assert not TemplateSetting.objects.exists()


def test_only_messages_that_go_to_people_are_offered(shown: Page) -> None:
    page = shown.client.get(shown.url()).content.decode()
    assert "Disconnected" in page
    assert 'value="alert.disconnected"' in page
    assert 'value="invoice.issued"' not in page, "a document goes by email"


def test_a_template_is_removed(shown: Page) -> None:
    shown.save()
    row = TemplateSetting.objects.get()
    assert shown.client.post(shown.url(f"{row.pk}/remove/")).status_code == 302
    assert not TemplateSetting.objects.exists()
    assert AuditEntry.objects.filter(action="message_template.removed").count() == 1


def test_a_test_arrives_on_the_phone_with_sample_values(shown: Page) -> None:
    shown.save()
    response = shown.test("00218 91 2345678")
    assert response.status_code == 200
    assert "MazBot accepted the message" in response.content.decode()
    sent = shown.place.control.messages()[-1]
    assert sent.mobile == "218912345678"
    assert sent.text.startswith("Test message http")
    assert AuditEntry.objects.filter(action="message_template.tested").count() == 1


def test_a_test_in_arabic_is_written_in_arabic(shown: Page) -> None:
    shown.save(language="ar")
    shown.test()
    assert shown.place.control.messages()[-1].text.startswith("رسالة تجريبية")


def test_a_test_says_in_a_sentence_what_is_wrong(shown: Page) -> None:
    shown.save()
    control, key = shown.place.control, shown.place.api_key
    control.set_template_status(key, "notice", "rejected")
    assert "WhatsApp hasn&#x27;t approved it" in shown.test().content.decode()
    control.add_template(key, "notice", "{{1}}")
    assert "doesn&#x27;t accept the variables" in shown.test().content.decode()
    control.add_template(key, "notice", "{{1}} {{2}}")
    control.set_whatsapp(PHONE, has_whatsapp=False)
    assert "can&#x27;t receive WhatsApp messages" in shown.test().content.decode()
    control.set_whatsapp(PHONE, has_whatsapp=True)
    control.set_quota(key, 0)
    assert "quota is used up" in shown.test().content.decode()
    control.set_quota(key, 100)
    control.set_fault("send_template", "500", times=1, account_key=key)
    assert "MazBot had an internal error. The message may have arrived anyway." in (
        shown.test().content.decode()
    )
    assert "isn&#x27;t a phone number" in shown.test("+1").content.decode()


def test_a_test_without_scripts_shows_the_whole_page(shown: Page) -> None:
    shown.save()
    row = TemplateSetting.objects.get()
    response = shown.client.post(shown.url("test/"), {"setting": row.pk, "phone": PHONE})
    assert "<html" in response.content.decode()
    assert "MazBot accepted the message" in response.content.decode()


def test_another_resellers_template_cannot_be_tried_or_removed(shown: Page, new_place: object) -> None:
    theirs: Place = new_place()  # type: ignore[operator]
    with tenant(theirs.reseller):
        row = TemplateSetting.objects.create(
            reseller=theirs.reseller, language="en", template_id="theirs-canary", variables=[]
        )
    assert shown.client.post(shown.url(f"{row.pk}/remove/")).status_code == 404
    assert shown.client.post(shown.url("test/"), {"setting": row.pk, "phone": PHONE}).status_code == 422
    assert "theirs-canary" not in shown.client.get(shown.url(f"?edit={row.pk}")).content.decode()


@pytest.mark.parametrize("role", [Role.BILLING, Role.SUPPORT])
def test_only_who_manages_settings_sees_it(shown: Page, role: Role) -> None:
    client = Client()
    client.force_login(member(shown.place.reseller, role))
    assert client.get(shown.url()).status_code == 403
