"""An explanation of a route, as people and as programs read it."""

from collections.abc import Iterator

import msgspec
import typer

from lunaroute_core.json_value import JSONObject
from lunaroute_routing import CandidateExplanation, Explanation
from lunaroute_server.cli.printing import print_table

_CHOSEN_BY = {
    "provider": "the client names the provider in X-Luna-Provider",
    "route": "the client names the route in X-Luna-Route or the query",
    "marker": "a marker in the user's message names it",
    "prefix": "the model's prefix names the provider",
    "rule": "its rule takes the request",
    "default": "no rule takes the request, so it goes to the client's vendor",
}


def as_json(explanation: Explanation) -> JSONObject:
    """All of it, and the order in short."""
    return {
        **msgspec.to_builtins(explanation),
        "order": [one.label for one in explanation.order],
    }


def print_explanation(explanation: Explanation) -> None:
    """The rules, the targets in their order, and what comes after a failure."""
    request = explanation.request
    streamed = "a stream" if request.stream else "one answer"
    asked = f"{request.model}, {streamed}" if request.model else "nothing with a model"
    typer.echo(f"request  {asked}, from a client that speaks {request.dialect}")
    typer.echo(f"route    {explanation.route}: {_CHOSEN_BY[explanation.chosen_by]}")
    if explanation.rules:
        typer.echo()
        rules = [
            (it.rule, "taken" if it.taken else "-", it.reason or "") for it in explanation.rules
        ]
        print_table(("rule", "", "why not"), rules)
    typer.echo()
    print_table(("asked", "tier", "strategy", "target", ""), _targets(explanation))
    typer.echo()
    for line in consequences(explanation):
        typer.echo(line)


def _targets(explanation: Explanation) -> Iterator[tuple[str, ...]]:
    for tier in explanation.tiers:
        for one in sorted(tier.candidates, key=_place):
            place = "-" if one.rank is None else f"{one.rank}."
            yield place, tier.role, tier.strategy, one.label, _remark(one)


def _place(candidate: CandidateExplanation) -> float:
    return float("inf") if candidate.rank is None else candidate.rank


def _remark(candidate: CandidateExplanation) -> str:
    if candidate.skipped is None:
        ill = "unhealthy, so asked last" if candidate.health == "unhealthy" else None
        return "; ".join(one for one in (ill, candidate.remark) if one)
    wait = "" if candidate.again_in is None else f", for {candidate.again_in:g} s more"
    return f"skipped: {candidate.skipped}{wait}"


def consequences(explanation: Explanation) -> Iterator[str]:
    """What comes after a failure, a line each."""
    if explanation.refusal is not None:
        yield f"refused: {explanation.refusal}"
        return
    if explanation.held is not None:
        yield f"first    {explanation.held}"
    yield "fails    an error of the client's own is told at once; after any other,"
    order = explanation.order
    for position, one in enumerate(order):
        then = order[position + 1].label if position + 1 < len(order) else "the client is told"
        yield f"         {one.label} {_retries(one)}{then}"
    for line in dict.fromkeys(line for one in order for line in _rests(one)):
        yield f"rests    {line}"
    yield from _limits(explanation)


def _retries(candidate: CandidateExplanation) -> str:
    retry = candidate.settings.retry
    if not retry.max_retries:
        return "→ "
    times = "once" if retry.max_retries == 1 else f"up to {retry.max_retries} times"
    longest = min(retry.max_ms, retry.base_ms * 2 ** (retry.max_retries - 1))
    return f"is asked again {times}, after at most {longest:g} ms → "


def _rests(candidate: CandidateExplanation) -> Iterator[str]:
    breaker, cooldown = candidate.settings.breaker, candidate.settings.cooldown
    name = candidate.provider
    if candidate.breaks:
        failures = breaker.failure_threshold
        yield f"{name}: {breaker.timeout_secs:g} s after {failures} failures in a row"
    if candidate.cools_down:
        yield (
            f"{name}: when it has had enough, as long as it says, else {cooldown.default_secs:g} s"
            f" and twice that each further time, up to {cooldown.max_secs:g} s"
        )


def _limits(explanation: Explanation) -> Iterator[str]:
    settings = explanation.settings
    hedge, choice = settings.hedge, len(explanation.order) > 1
    if settings.timeouts.total_secs is not None:
        yield f"limit    {settings.timeouts.total_secs:g} s for all attempts together"
    for one in explanation.order:
        seconds = one.settings.timeouts.first_content_secs
        if seconds is not None and explanation.request.stream:
            yield f"limit    {one.label}: {seconds:g} s until the first content"
    if hedge.enabled and choice:
        yield f"hedge    a second target is asked too after {hedge.after_ms:g} ms without content"
    if explanation.request.stream and choice:
        yield (
            f"commit   with its first content, or {settings.commit_after_secs:g} s after it began,"
            " a stream no longer goes elsewhere"
        )
