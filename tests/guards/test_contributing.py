"""What CONTRIBUTING.md says is true to the code."""

import re
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))

APPS = ("centers", "whatsapp", "billing", "config", "devstack")


def test_the_index_lists_every_decision() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[^)]+\.md)\)", (folder / "README.md").read_text())
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


def test_no_two_decisions_have_one_number() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers))


def test_every_file_and_target_that_the_guide_names_exists() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    names = re.findall(r"`((?:centers|whatsapp|billing|config|tests|docs|locale|templates)/[\w./-]*)`", guide)
    assert len(names) > 15
    assert [name for name in names if not (ROOT / name).exists()] == []
    assert set(re.findall(r"`make ([a-z]+)", guide)) <= TARGETS


def test_every_module_that_the_docs_name_exists() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    texts = [
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
    ]
    named = {
        (path.name, name)
        for path in texts
        for name in re.findall(r"`([\w/.-]+\.(?:py|html|css|js|typ|toml|yml))`", path.read_text())
    }
    assert len(named) > 40
    assert [
        found for found in sorted(named) if not any(f"/{path}".endswith(f"/{found[1]}") for path in tracked)
    ] == []


def test_every_class_that_the_docs_name_exists() -> None:
    source = "".join(path.read_text() for app in APPS for path in (ROOT / app).rglob("*.py"))
    source += "".join(path.read_text() for path in (ROOT / "static").rglob("*.js"))
    texts = [*(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md"]
    named = {
        (path.name, name)
        for path in texts
        for name in re.findall(r"`[\w.]*?\b([A-Z][a-z]\w*[A-Z]\w*)`", path.read_text())
    }
    assert len(named) > 10
    assert [found for found in sorted(named) if not re.search(rf"\b{found[1]}\b", source)] == []


def test_every_function_that_the_guide_calls_exists() -> None:
    source = "".join(path.read_text() for app in (*APPS, "tests") for path in (ROOT / app).rglob("*.py"))
    called = set(re.findall(r"`(\w+)\(", (ROOT / "CONTRIBUTING.md").read_text()))
    assert len(called) > 2
    assert [name for name in sorted(called) if not re.search(rf"\b(?:def|class) {name}\b", source)] == []


def test_the_hooks_call_the_tools_that_make_check_calls() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"], "nothing is fetched from elsewhere"
    check = MAKEFILE[MAKEFILE.index("\ncheck:") : MAKEFILE.index("\nbench:")].replace(
        "$(VENV)", ".venv/bin/python"
    )
    for hook in hooks[0]["hooks"]:
        assert hook["entry"] in check, hook["id"]


def test_continuous_integration_runs_what_runs_at_a_desk() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    steps = [step.get("run") for job in jobs.values() for step in job["steps"]]
    assert ".ci/run" in steps
