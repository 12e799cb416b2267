"""OpenAI's moderation of requests and answers."""

from lunaroute_core.json_value import JSONValue


def blocks_answers(policy: JSONValue) -> bool:
    """Whether a policy has answers withheld, and is not only told what they hold."""
    if isinstance(policy, dict):
        return policy.get("mode") == "block" or any(map(blocks_answers, policy.values()))
    return False
