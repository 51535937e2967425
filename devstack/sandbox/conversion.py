"""Between Python values and plain JSON, guided by type hints (state file, control API)."""

from __future__ import annotations

import dataclasses
import types
import typing
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any


class ConversionError(ValueError):
    """A value does not fit its type; the message names the field."""


def plain(value: Any) -> Any:
    """`value` as something `json.dumps` accepts; amounts and times become text, so nothing passes a float."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def typed(hint: Any, value: Any, name: str) -> Any:
    """`value` (plain JSON) as an instance of `hint`; `name` is used in the error."""
    origin = typing.get_origin(hint)
    if hint is Any:
        return value
    if origin is typing.Literal:
        return _choice(typing.get_args(hint), value, name)
    if origin in (typing.Union, types.UnionType):
        return _optional(hint, value, name)
    if origin in (list, dict):
        return (_list if origin is list else _dict)(hint, value, name)
    if dataclasses.is_dataclass(hint):
        return from_plain(typing.cast(type, hint), value, name)
    return _scalar(hint, value, name)


def from_plain(cls: type, value: Any, name: str = "document") -> Any:
    """An instance of the dataclass `cls`; missing fields take their defaults, unknown ones are refused."""
    if not isinstance(value, dict):
        raise ConversionError(f"{name} must be an object.")
    hints = typing.get_type_hints(cls)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise ConversionError(f"{name} has no field {unknown[0]!r}.")
    try:
        return cls(**{key: typed(hints[key], item, key) for key, item in value.items()})
    except TypeError as error:
        raise ConversionError(f"{name} is incomplete: {error}.") from error


def _choice(choices: tuple[Any, ...], value: Any, name: str) -> Any:
    if value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise ConversionError(f"{name} must be one of {listed}, not {value!r}.")
    return value


def _optional(hint: Any, value: Any, name: str) -> Any:
    if value is None:
        return None
    (inner,) = [choice for choice in typing.get_args(hint) if choice is not type(None)]
    return typed(inner, value, name)


def _list(hint: Any, value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ConversionError(f"{name} must be a list.")
    (inner,) = typing.get_args(hint)
    return [typed(inner, item, f"{name}[{index}]") for index, item in enumerate(value)]


def _dict(hint: Any, value: Any, name: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise ConversionError(f"{name} must be an object.")
    key_hint, item_hint = typing.get_args(hint)
    return {
        typed(key_hint, key, name): typed(item_hint, item, f"{name}.{key}") for key, item in value.items()
    }


def _scalar(hint: Any, value: Any, name: str) -> Any:
    try:
        if hint is datetime:
            return _moment(value, name)
        if hint is date:
            return date.fromisoformat(value)
        if hint is Decimal:
            return _amount(value)
        if hint in (int, float) and not isinstance(value, bool):
            return hint(value)
    except ConversionError:
        raise
    except (TypeError, ValueError, InvalidOperation) as error:
        raise ConversionError(f"{name} is not a valid {hint.__name__}: {value!r}.") from error
    if isinstance(hint, type) and isinstance(value, hint) and (hint is bool) == isinstance(value, bool):
        return value
    raise ConversionError(f"{name} must be {getattr(hint, '__name__', hint)}, not {value!r}.")


def _moment(value: str, name: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ConversionError(f"{name} needs an offset from UTC, as in 2026-01-31T08:00:00+00:00.")
    return moment


def _amount(value: Any) -> Decimal:
    if isinstance(value, (bool, float)):
        raise TypeError("amounts are text or whole numbers")
    amount = Decimal(value)
    if not amount.is_finite():
        raise ValueError("amounts are finite")
    return amount
