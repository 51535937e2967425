"""The only code that speaks to MazBot: the seven calls, the login, the request budget and the errors."""

from .budget import BudgetReading, RequestBudget, budget_usage
from .client import MazBot
from .config import LOCALE_PREFIXES, AccountConfig, Timeouts
from .diagnosis import Diagnosis, Step, test_connection
from .errors import BudgetExhausted, ErrorKind, MazBotError
from .priority import Priority
from .readings import (
    Acknowledgement,
    ConnectionReading,
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
    "BudgetReading",
    "ConnectionReading",
    "ConnectionStatus",
    "Diagnosis",
    "ErrorKind",
    "MainAccountUsage",
    "MazBot",
    "MazBotError",
    "OddField",
    "Priority",
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
