"""Environment variables inside the file's text values.

`$NAME` and `${NAME}` are the variable, `${NAME:-text}` is `text` where the variable is unset
or empty, `$$` is a dollar sign. Expansion is done on values that have been parsed, so a
variable's content can never change the structure of the file.
"""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(
    r"""\$(?:
        (?P<escape>\$)
      | (?P<plain>[A-Za-z_][A-Za-z0-9_]*)
      | \{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<fallback>[^}]*))?\}
      | (?P<malformed>\{)
    )""",
    re.VERBOSE,
)


def expand(text: str, environment: Mapping[str, str]) -> str:
    """The text with its variables filled in.

    Raises:
        ValueError: a variable is not set, or a `${` is malformed. The message says which.
    """

    def value(match: re.Match[str]) -> str:
        if match["escape"]:
            return "$"
        if match["malformed"]:
            raise ValueError("malformed ${…}: write ${NAME} or ${NAME:-default}, or $$ for a $")
        name = match["plain"] or match["braced"]
        found = environment.get(name)
        if match["fallback"] is not None:
            return found or match["fallback"]
        if found is None:
            raise ValueError(f"environment variable {name} is not set (write $$ for a dollar sign)")
        return found

    return _REFERENCE.sub(value, text) if "$" in text else text
