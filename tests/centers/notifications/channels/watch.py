"""What this process does while a test runs: connections, programs, and a file that nothing may touch."""

import sys

RUNS = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "pty.spawn",
    "ctypes.dlopen",
}


class Watch:
    """Counts what this process does while it is on; an audit hook can't be removed, only switched off."""

    def __init__(self) -> None:
        self.on, self.canary = False, ""
        self.runs: list[str] = []
        self.connects: list[object] = []
        sys.addaudithook(self)

    def begin(self, canary: str) -> None:
        """Count from now on; `canary` is the file."""
        self.runs, self.connects, self.canary, self.on = [], [], canary, True

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        if not self.on:
            return
        if event in RUNS or (event == "open" and self.canary in str(args[0])):
            self.runs.append(f"{event} {args!r:.80}")
        elif event == "socket.connect":
            self.connects.append(args[1])
