"""How much an answer may have, where clients ask for more than a model can write."""

from lunaroute_core.translation import Translation


def output_limit(asked: int | None, translation: Translation, *, param: str) -> int | None:
    """What to ask of the model; vendors refuse more than it can write.

    Claude Code asks for 32,000 tokens of whatever model it is given.

    Args:
        asked: what the client does.
        translation: knows what the model can write, if that is known.
        param: the client's name for the limit.
    """
    most = translation.capabilities.max_output_tokens
    if asked is None or most is None or asked <= most:
        return asked
    translation.emulated(param, f"{most}, which is all that this model can write")
    return most
