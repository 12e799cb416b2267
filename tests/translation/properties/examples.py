"""How many examples a property is checked on: a few hundred, or with `HYPOTHESIS_PROFILE=thorough`
many thousands.
"""

import os

from hypothesis import HealthCheck, settings

_TIMES = 50 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1


def checked(examples: int) -> settings:
    """Settings for as many examples; no deadline, since other work may be going on."""
    return settings(
        max_examples=examples * _TIMES,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
