"""What the guard of Apprise relies on: the plugins of the list reach nothing but through `requests`."""

import ast
import inspect
import sys
from pathlib import Path

import pytest

from centers.notifications.channels.guarded_apprise import GuardedRequests, plugins

#: Modules that could open connections, run programs or load others. `os` is looked at by what is used of it.
FORBIDDEN = {
    "socket", "ssl", "subprocess", "urllib.request", "urllib3", "http", "smtplib", "ftplib", "asyncio", "aiohttp",
    "httpx", "websocket", "paho", "ctypes", "importlib", "runpy", "multiprocessing", "concurrent", "pty", "shutil",
    "tempfile", "pickle", "marshal", "code", "dbus", "gi",
}  # fmt: skip
CALLS = {"eval", "exec", "compile", "__import__"}
OS = {"os.path", "os.urandom", "_os.urandom", "os.environ"}
OFFERED = {name for name in dir(GuardedRequests) if not name.startswith("_")}


def sources() -> list[Path]:
    """Every module of the plugins' packages, and the classes they are built on."""
    found = set()
    for plugin in plugins().values():
        file = Path(inspect.getfile(plugin))
        found |= set(file.parent.glob("*.py")) if file.parent.name != "plugins" else {file}
    return sorted(found)


@pytest.mark.parametrize("file", sources(), ids=lambda file: file.name)
def test_a_plugin_of_the_list_sends_by_requests_alone(file):
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = [
        (alias.name, alias.asname) for node in nodes if isinstance(node, ast.Import) for alias in node.names
    ]
    names += [
        (node.module or "", None) for node in nodes if isinstance(node, ast.ImportFrom) and not node.level
    ]
    attributes = [
        (node.value.id, node.attr)
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    ]
    calls = [node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    from_requests = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "requests"]

    assert [name for name, _ in names if {name, name.split(".")[0]} & FORBIDDEN] == []
    assert [other for name, other in names if name == "requests" and other] == []
    assert from_requests == []
    assert CALLS & set(calls) == set()
    assert {f"{module}.{name}" for module, name in attributes if module in ("os", "_os")} <= OS
    assert {name for module, name in attributes if module == "requests"} <= OFFERED


def test_the_guard_stands_in_each_module_and_other_plugins_are_not_loaded():
    modules = {plugin.__module__ for plugin in plugins().values()}
    assert len(modules) == 21
    for name in modules:
        assert isinstance(vars(sys.modules[name])["requests"], GuardedRequests)
    dangerous = {
        "syslog",
        "dbus",
        "glib",
        "gnome",
        "macosx",
        "windows",
        "rsyslog",
        "custom_json",
        "email",
        "mqtt",
    }
    assert {f"apprise.plugins.{name}" for name in dangerous} & set(sys.modules) == set()
