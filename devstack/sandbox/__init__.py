"""A stand-in for MazBot over real HTTP, for the demo and the tests. It imports nothing of the product."""

from .control import Control, SandboxControl
from .server import DEMO_ACCOUNT, PortInUse, SandboxServer
from .state.records import Delivery, RequestEntry
from .verbs import ControlError, NewInstance

__all__ = [
    "DEMO_ACCOUNT",
    "Control",
    "ControlError",
    "Delivery",
    "NewInstance",
    "PortInUse",
    "RequestEntry",
    "SandboxControl",
    "SandboxServer",
]
