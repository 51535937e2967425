"""Dispatches every verb, from the HTTP control API and from tests in the same process."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any

from .conversion import ConversionError, from_plain, plain, typed
from .state.phones import PhoneError
from .state.snapshot import requests_log, snapshot
from .state.state import SandboxState, UnknownObject
from .verbs import ControlError, NewAccount, NewInstance, Verbs


class Dispatcher:
    """Turns a verb's name and plain JSON arguments into a call on the locked state."""

    def __init__(self, state: SandboxState, verbs: Verbs) -> None:
        self._state = state
        self._verbs = verbs
        self._readings: dict[str, Callable[..., Any]] = {"state": snapshot, "requests_log": requests_log}

    def run(self, verb: str, arguments: dict[str, Any]) -> Any:
        """The verb's result as plain JSON; ControlError with a message when it is refused."""
        try:
            with self._state.lock:
                if verb in self._readings:
                    reading = self._readings[verb]
                    return reading(self._state, **_checked(reading, arguments))
                result = self._change(verb, arguments)
                self._state.changed()
                return plain(result)
        except (ConversionError, PhoneError, UnknownObject) as error:
            raise ControlError(str(error)) from error

    def _change(self, verb: str, arguments: dict[str, Any]) -> Any:
        if verb == "add_account":
            return self._verbs.add_account(from_plain(NewAccount, arguments, verb))
        if verb == "add_instance":
            return self._verbs.add_instances([from_plain(NewInstance, arguments, verb)])
        method = None if verb.startswith("_") else getattr(self._verbs, verb, None)
        if method is None:
            raise ControlError(f"There is no control verb {verb!r}.")
        return method(**_checked(method, arguments))


def _checked(method: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments in the types the method declares; missing and unknown ones are refused by name."""
    hints = typing.get_type_hints(method)
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.default is parameter.empty and name not in arguments and name != "state":
            raise ConversionError(f"{name} is missing.")
    for name in arguments:
        if name not in hints or name in ("return", "state"):
            raise ConversionError(f"{method.__name__} takes no {name!r}.")
    return {name: typed(hints[name], value, name) for name, value in arguments.items()}
