"""A simulated model, for demonstrations, tests and benchmarks."""

from lunaroute_egress.mock.options import MockOptions, ScriptedAnswer, ScriptedCall
from lunaroute_egress.mock.provider import MockProvider

__all__ = ["MockOptions", "MockProvider", "ScriptedAnswer", "ScriptedCall"]
