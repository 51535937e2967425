"""The only code that calls MazBot: the seven calls, the login, the request budget and the errors."""

from .budget import BudgetUsage, RequestBudget, budget_usage
from .client import MazBot
from .config import LOCALE_PREFIXES, AccountConfig, Timeouts
from .diagnosis import Diagnosis, Step, test_connection
from .errors import BudgetExhausted, ErrorKind, MazBotError
from .lane import Lane
from .results import (
    Acknowledgement,
    CheckResult,
    ConnectionStatus,
    MainAccountUsage,
    OddField,
    QrCode,
    RateList,
    RateRow,
    ServiceState,
    ToggleAction,
    ToggleOutcome,
    Usage,
)

__all__ = [
    "LOCALE_PREFIXES",
    "AccountConfig",
    "Acknowledgement",
    "BudgetExhausted",
    "BudgetUsage",
    "CheckResult",
    "ConnectionStatus",
    "Diagnosis",
    "ErrorKind",
    "Lane",
    "MainAccountUsage",
    "MazBot",
    "MazBotError",
    "OddField",
    "QrCode",
    "RateList",
    "RateRow",
    "RequestBudget",
    "ServiceState",
    "Step",
    "Timeouts",
    "ToggleAction",
    "ToggleOutcome",
    "Usage",
    "budget_usage",
    "test_connection",
]
