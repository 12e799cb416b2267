"""How values are shown in explanations."""

from collections.abc import Iterable

SHOWN = 100
"""Characters of a value: clients choose some of them, of any length."""


def quoted(value: str) -> str:
    """A value in quotes, on one line, cut where it is long."""
    cut = value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in cut)
    return f'"{shown}"'


def is_none_of(values: Iterable[str]) -> str:
    """`is not "a"`, or `is none of "a", "b"`."""
    shown = [quoted(value) for value in values]
    return f"is not {shown[0]}" if len(shown) == 1 else f"is none of {', '.join(shown)}"
