"""The layout of docs/architecture.md: folders stay readable, and no two packages of one app import each other."""

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.apps import apps
from django.db.models import Field
from django.urls import URLPattern, URLResolver, get_resolver

from billing import audit_actions as of_money
from centers.tenancy.permissions import Permission
from tests.guards.test_style import ROOT, files
from whatsapp import audit_actions as of_numbers

APPS = ("centers", "whatsapp", "billing", "config", "devstack")
LARGEST_FOLDER = 20
#: Codes of theirs that are also plain words of pages, jobs and live topics, or the code of a country.
PLAIN = {
    "AE", "archived", "center", "country", "form", "instances", "invalid", "link", "mail", "message", "off",
    "portal", "reseller", "sent", "service", "silent", "staff", "total", "until", "usage", "warning", "webhook", "json",
}  # fmt: skip


def modules() -> dict[str, Path]:
    """Dotted name -> file of every module of the product and the development stack, migrations apart."""
    names = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = {}
    for name in names.stdout.split():
        if name.split("/")[0] in APPS and "/migrations/" not in name:
            found[name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")] = ROOT / name
    return found


def imports(module: str, file: Path, known: dict[str, Path]) -> set[str]:
    """The modules of ours that `module` imports, wherever in its text."""
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    targets: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            targets |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            targets |= {name if (name := f"{base}.{alias.name}") in known else base for alias in node.names}
    return targets & known.keys()


def test_no_two_packages_of_one_app_import_each_other() -> None:
    known = modules()
    edges: dict[str, set[str]] = defaultdict(set)
    for module, file in known.items():
        for target in imports(module, file, known):
            unit, other = (".".join(name.split(".")[:2]) for name in (module, target))
            if unit != other:
                edges[unit].add(other)

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for following in edges[waiting.pop()] - seen:
                seen.add(following)
                waiting.append(following)
        return seen

    assert [unit for unit in sorted(edges) if unit in reached(unit)] == []


def test_no_folder_is_longer_than_a_screen() -> None:
    """Modules, tests and templates."""
    listing = ["git", "ls-files", "*.py", "*.html"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    folders: dict[Path, int] = defaultdict(int)
    for file in (Path(name) for name in names.stdout.split()):
        if file.parts[0] in (*APPS, "benchmarks", "tests", "templates") and file.parent.name != "migrations":
            folders[file.parent] += 1
    assert {str(folder): count for folder, count in folders.items() if count > LARGEST_FOLDER} == {}


def codes(app: str) -> set[str]:
    """Every value that a field of the app's models chooses from."""
    fields = [field for model in apps.get_app_config(app).get_models() for field in model._meta.get_fields()]
    return {str(code) for field in fields if isinstance(field, Field) for code, _label in field.flatchoices}


def test_centers_knows_no_state_model_or_audit_word_of_the_other_apps() -> None:
    """Their owner registers them (`registration.py`). Words that `centers` has of its own are its own."""
    theirs = codes("whatsapp") | codes("billing") | {"instances"}
    theirs |= {noun for owner in (of_money, of_numbers) for noun in owner.NOUNS}
    theirs |= {name for owner in (of_money, of_numbers) for name in (*owner.FACTS, *owner.CODES)}
    theirs |= {
        model.__name__ for app in ("whatsapp", "billing") for model in apps.get_app_config(app).get_models()
    }
    theirs -= codes("centers") | PLAIN | {""}
    found = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value}"
        for path in files("centers")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in theirs
    }
    assert found == set()


def addresses_of(app: str) -> set[str]:
    """The names of the addresses whose view is the app's."""
    found = set()
    for pattern in patterns(get_resolver().url_patterns):
        if pattern.name and getattr(pattern.callback, "__module__", "").startswith(f"{app}."):
            found.add(pattern.name)
    return found


def routes_of(app: str) -> set[str]:
    """The paths, below the tenant's, of the addresses whose view is the app's."""
    every = patterns(get_resolver().url_patterns)
    return {str(one.pattern) for one in every if one.callback.__module__.startswith(f"{app}.")}


def patterns(entries: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """All addresses, those of included lists too."""
    for entry in entries:
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns)
        else:
            yield entry


def templates_of_centers() -> list[Path]:
    """The frames, components and pages that every app shares."""
    root = ROOT / "templates"
    shared = [*root.glob("*.html"), *(root / "components").glob("*.html")]
    return [*shared, *(root / "centers").rglob("*.html"), *(root / "centers").rglob("*.txt")]


def test_centers_knows_no_address_of_the_other_apps() -> None:
    """Menus, parts of pages and first steps are registered by the app that has the page."""
    theirs = (addresses_of("whatsapp") | addresses_of("billing")) - addresses_of("centers")
    assert len(theirs) > 80
    named = {
        f"{path.relative_to(ROOT)} {name}"
        for path in templates_of_centers()
        for tag in re.findall(r"{[{%].*?[%}]}", path.read_text(), re.DOTALL)
        for name in re.findall(r"""["'](\w+)["']""", tag)
        if name in theirs - set(Permission)
    }
    named |= {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value}"
        for path in files("centers")
        # A right may have the name of the page it opens.
        if path.name != "permissions.py" and "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in theirs
    }
    assert named == set()


def test_centers_includes_no_template_and_knows_no_path_of_the_other_apps() -> None:
    included = {
        f"{path.relative_to(ROOT)} {name}"
        for path in templates_of_centers()
        for name in re.findall(r"""["']((?:whatsapp|billing)/[^"']+)""", path.read_text())
    }
    paths = {f"{path.split('/')[0]}/" for path in routes_of("whatsapp") | routes_of("billing")}
    paths -= {f"{path.split('/')[0]}/" for path in routes_of("centers")}
    assert {"import/", "instances/", "numbers/", "invoices/"} <= paths
    known = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value}"
        for path in files("centers")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in paths
    }
    assert included | known == set()
