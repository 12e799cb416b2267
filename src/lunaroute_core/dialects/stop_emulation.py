"""Stop sequences that the gateway looks for itself, since the upstream does not."""

from lunaroute_core.answer_stages import StopMatcher
from lunaroute_core.translation import Translation

MAX_SEQUENCES = 64
MAX_CHARACTERS = 4096
"""Of all sequences together. Each piece of each answer is searched for all of them."""


def emulate_stop(sequences: list[str], translation: Translation, *, param: str) -> None:
    """Have the answer end before the first of some sequences.

    Args:
        sequences: at least one, none of them empty.
        translation: the request's.
        param: what the client calls them.

    Raises:
        InvalidRequestError: they are too many to look for, or too long.
    """
    if len(sequences) > MAX_SEQUENCES:
        translation.rejected(param, f"the upstream takes fewer, the gateway {MAX_SEQUENCES}")
    if sum(map(len, sequences)) > MAX_CHARACTERS:
        message = f"the gateway looks for {MAX_CHARACTERS} characters at most, all together"
        translation.rejected(param, message)
    translation.emulated(param, "the gateway ends the answer there", exact=True)
    translation.stages.append(StopMatcher(sequences))
