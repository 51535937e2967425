"""The only code that calls MazBot: the seven calls, send-template, the login, the request budget and the errors."""

from .budget import BudgetUsage, RequestBudget, Slot, Verdict, budget_usage, budgets_usage, read_verdict
from .calling import Granted
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
    TemplateSent,
    ToggleAction,
    ToggleOutcome,
    Usage,
)
from .scripts import Script
from .scripts import run as run_scripts
from .template_messages import MAX_VARIABLE, TemplateError, TemplateProblem
from .waiting import after_waiting, before_waiting, release_before_waiting

__all__ = [
    "LOCALE_PREFIXES",
    "MAX_VARIABLE",
    "AccountConfig",
    "Acknowledgement",
    "BudgetExhausted",
    "BudgetUsage",
    "CheckResult",
    "ConnectionStatus",
    "Diagnosis",
    "ErrorKind",
    "Granted",
    "Lane",
    "MainAccountUsage",
    "MazBot",
    "MazBotError",
    "OddField",
    "QrCode",
    "RateList",
    "RateRow",
    "RequestBudget",
    "Script",
    "ServiceState",
    "Slot",
    "Step",
    "TemplateError",
    "TemplateProblem",
    "TemplateSent",
    "Timeouts",
    "ToggleAction",
    "ToggleOutcome",
    "Usage",
    "Verdict",
    "after_waiting",
    "before_waiting",
    "budget_usage",
    "budgets_usage",
    "read_verdict",
    "release_before_waiting",
    "run_scripts",
    "test_connection",
]
