"""What `serve` prints on a terminal once it listens."""

from collections.abc import Sequence


def banner(
    *, version: str, url: str, server: str, providers: Sequence[str], drain_secs: float
) -> str:
    """Where it listens, and how clients are pointed at it."""
    return f"""
LunaRoute {version} listens on {url} ({server})

  providers  {", ".join(providers) or "none"}
  Anthropic  export ANTHROPIC_BASE_URL={url}
  OpenAI     export OPENAI_BASE_URL={url}/v1

Ctrl-C stops it: open requests get {drain_secs:g} s to finish, a second Ctrl-C does not wait.
"""
