"""What was found and who was notified: one message per change and receiver, repeated while a problem lasts."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from config.watchdog.probes import Findings

#: A problem that one look finds and the next does not, as at a restart, is not reported.
CONFIRMED_AFTER = 2


@dataclass
class Problem:
    """One subject that is, or was, wrong. `reported` has, per receiver, when it was last notified of it (ISO)."""

    text: str
    since: str
    looks: int = 0
    ended: str = ""
    reported: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """What one receiver is to be notified of now."""

    opened: list[Problem]
    lasting: list[Problem]
    ended: list[Problem]

    def __bool__(self) -> bool:
        return bool(self.opened or self.lasting or self.ended)


class Memory:
    """The problems by subject, kept in a file so that a restart reports nothing twice."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.problems = _read(path)

    def note(self, findings: Findings, now: datetime) -> None:
        """Take in what was found; subjects that are missing stay as they are."""
        for subject, text in findings.items():
            known = self.problems.get(subject)
            if text:
                problem = self.problems.setdefault(subject, Problem(text, now.isoformat()))
                problem.text, problem.ended, problem.looks = text, "", problem.looks + 1
            elif known and known.reported:
                known.ended = known.ended or now.isoformat()
            elif known:
                del self.problems[subject]

    @property
    def open(self) -> list[Problem]:
        """What is wrong now, confirmed."""
        return [one for one in self.problems.values() if not one.ended and one.looks >= CONFIRMED_AFTER]

    def due(self, receiver: str, now: datetime, repeat: timedelta) -> Report:
        """What to tell the receiver. A problem that lasts is repeated every `repeat`."""
        lasting = [one for one in self.open if receiver in one.reported]
        over = any(now - datetime.fromisoformat(one.reported[receiver]) >= repeat for one in lasting)
        return Report(
            opened=[one for one in self.open if receiver not in one.reported],
            lasting=lasting if over else [],
            ended=[one for one in self.problems.values() if one.ended and receiver in one.reported],
        )

    def reported(self, receiver: str, report: Report, now: datetime) -> None:
        """Record that the receiver was notified."""
        for problem in (*report.opened, *report.lasting):
            problem.reported[receiver] = now.isoformat()
        for problem in report.ended:
            del problem.reported[receiver]

    def save(self, receivers: Iterable[str]) -> None:
        """Write the file, whole or not at all; forget receivers that no longer exist, and what all know has ended."""
        names = set(receivers)
        for problem in self.problems.values():
            problem.reported = {name: at for name, at in problem.reported.items() if name in names}
        self.problems = {
            subject: one for subject, one in self.problems.items() if not one.ended or one.reported
        }
        temporary = self._path.with_name(self._path.name + ".new")
        temporary.write_text(json.dumps({name: asdict(one) for name, one in self.problems.items()}, indent=1))
        os.replace(temporary, self._path)


def _read(path: Path) -> dict[str, Problem]:
    """What the file holds; nothing where it is missing or broken, which at worst reports a problem once more."""
    try:
        return {subject: Problem(**entry) for subject, entry in json.loads(path.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
