"""A reseller for one test: its own account at the sandbox, made by the same command an operator uses."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from devstack.sandbox import NewInstance, SandboxControl
from tests.browser.stack import Stack
from whatsapp.imports.columns import COLUMNS

PASSWORD = "browser-tests-7"
Person = tuple[str, str, str, str]  # e-mail address, role, center ("": staff), language


@dataclass(frozen=True)
class Number:
    """One line of an import file, and the state of its phone at the sandbox."""

    instance_id: str
    center: str
    label: str = "Main"
    status: str = "connected"
    country_id: str = "6"
    currency: str = "USD"
    daily_messages: int = 0
    since: date | None = None  # the first day of its daily messages


@dataclass(frozen=True)
class Tenant:
    """A reseller of the running product, by its slug."""

    stack: Stack
    slug: str
    sandbox_url: str
    owner: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "owner", f"owner@{self.slug}.example")

    @property
    def control(self) -> SandboxControl:
        """The controls of this reseller's sandbox."""
        return SandboxControl(self.sandbox_url)

    def url(self, path: str = "") -> str:
        """A staff page of the reseller."""
        return f"{self.stack.url}/r/{self.slug}/{path}"

    def portal(self, center: str, path: str = "") -> str:
        """A page of one center's portal."""
        return f"{self.stack.url}/c/{self.center(center)}/{path}"

    def center(self, name: str) -> int:
        """The id of a center."""
        return int(self._only("SELECT id FROM centers_center WHERE reseller_id = {} AND name = %s", name))

    def instance(self, instance_id: str) -> int:
        """The product's own id of a number."""
        query = "SELECT id FROM whatsapp_instance WHERE reseller_id = {} AND instance_id = %s"
        return int(self._only(query, instance_id))

    def value(self, select: str, *parameters: Any) -> Any:
        """The single value of a query; `{}` in it stands for the reseller's id."""
        return self._only(select, *parameters)

    def at_sandbox(self, instance_id: str) -> dict[str, Any]:
        """The sandbox's state of a number."""
        rows: list[dict[str, Any]] = self.control.state()["instances"]
        return next(row for row in rows if row["instance_id"] == instance_id)

    def prepare(self, numbers: Sequence[Number]) -> None:
        """Add the numbers to the sandbox, as MazBot would have them."""
        self.control.add_instances(
            [
                NewInstance(
                    account_key=self.slug,
                    instance_id=number.instance_id,
                    status=number.status,
                    country_id=number.country_id,
                    daily_messages=number.daily_messages,
                    since=number.since,
                )
                for number in numbers
            ]
        )

    def import_numbers(self, numbers: Sequence[Number]) -> None:
        """Prepare the numbers and import them with their centers by the command line."""
        self.prepare(numbers)
        self.stack.manage("import_centers", self.slug, str(self.csv(numbers)))

    def csv(self, numbers: Sequence[Number]) -> Path:
        """An import file of these numbers."""
        path = self.stack.folder / f"{self.slug}-{len(numbers)}.csv"
        centers = list(dict.fromkeys(number.center for number in numbers))
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.DictWriter(file, COLUMNS, restval="")
            rows.writeheader()
            for number in numbers:
                rows.writerow(
                    {
                        "center": number.center,
                        "email": f"center{centers.index(number.center)}@{self.slug}.example",
                        "country_id": number.country_id,
                        "currency": number.currency,
                        "language": "en",
                        "instance_id": number.instance_id,
                        "label": number.label,
                    }
                )
        return path

    def join(self, *people: Person) -> None:
        """Let people accept invitations; they sign in with PASSWORD."""
        self.shell(f"join({self.slug!r}, {PASSWORD!r}, {list(people)!r})")

    def shell(self, call: str) -> str:
        """Run one function of furnish.py inside the product; its return value is printed."""
        code = f"from tests.browser import furnish; print(furnish.{call})"
        return self.stack.manage("shell", "-v0", "-c", code).strip()

    def _only(self, query: str, *parameters: Any) -> Any:
        reseller = "(SELECT id FROM centers_reseller WHERE slug = %s)"
        ((value,),) = self.stack.query(query.format(reseller), self.slug, *parameters)
        return value


def new_tenant(stack: Stack, slug: str, *, sandbox_url: str = "", rate_limit: int = 600) -> Tenant:
    """Create a reseller with `create_reseller`, against an account of its own at a sandbox."""
    tenant = Tenant(stack, slug, sandbox_url or stack.sandbox_url)
    login = {"email": f"api@{slug}.example", "password": "sandbox-password"}
    tenant.control.add_account(slug, login["email"], login["password"], rate_limit=rate_limit)
    made = stack.manage(
        "create_reseller",
        f"--name=Reseller {slug}",
        f"--slug={slug}",
        "--currency=USD",
        "--language=en",
        "--time-zone=Asia/Riyadh",
        f"--owner-email={tenant.owner}",
        f"--owner-password={PASSWORD}",
        f"--mazbot-url={tenant.sandbox_url}/api",
        f"--mazbot-api-key={slug}",
        f"--mazbot-email={login['email']}",
        f"--mazbot-password={login['password']}",
        f"--rate-limit={rate_limit}",
        "--json",
    )
    assert json.loads(made)["slug"] == slug
    return tenant
