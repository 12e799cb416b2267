"""The routing keys of the original LunaRoute's example configurations, as written there.

The files in `original_routing` are those examples, without the sections that are not about
routing. Each key has a test that shows what it does in a Router over fake upstreams.
"""

from collections import Counter
from pathlib import Path
from random import Random

import pytest
import yaml
from attrs import define, field

from lunaroute_core import ErrorDetails, ErrorKind, UpstreamAnsweredError
from lunaroute_core.testing import FakeClock, FakeProvider, chat_request, text_response
from lunaroute_routing import Router
from lunaroute_server.config import load_config
from lunaroute_server.route_table import route_table

FOLDER = Path(__file__).parent / "original_routing"
STRATEGIES, NOTIFICATION, FLAT, RETRIES = (
    "routing-strategies",
    "provider-switch-notification",
    "bypass-explicit-provider",
    "connection-pool-example",
)
ENVIRONMENT = {
    f"{name}_KEY": f"sk-{name}"
    for name in (
        "OPENAI_API",
        "OPENAI_BACKUP",
        "OPENAI_BACKUP_API",
        "ANTHROPIC_API",
        "ANTHROPIC_BACKUP",
        "EMERGENCY_API",
    )
}

SHOWN: set[str] = set()


def shows(*keys):
    """Marks a test with the keys whose effect it shows."""

    def mark(test):
        SHOWN.update(keys)
        return test

    return mark


def error(kind, **details):
    return UpstreamAnsweredError(
        ErrorDetails(kind=kind, message="no", **details), provider="upstream"
    )


LIMITED = error(ErrorKind.RATE_LIMIT)
BROKEN = error(ErrorKind.SERVER)


@define
class Gateway:
    """A Router over fake upstreams, which goes by a configuration.

    Attributes:
        failing: what providers answer; a good answer where there is none.
        asked: who was asked since the last request began, in order.
    """

    config: object
    failing: dict[str, Exception] = field(factory=dict)
    asked: list[str] = field(factory=list)
    clock: FakeClock = field(factory=lambda: FakeClock(now=1000.0, autojump=True))
    fakes: dict[str, FakeProvider] = field(init=False)
    router: Router = field(init=False)

    def __attrs_post_init__(self):
        self.fakes = {
            name: FakeProvider(lambda _, name=name: self._answer(name), name=name)
            for name in self.config.providers
        }
        self.router = Router(
            providers=self.fakes,
            table=route_table(self.config),
            clock=self.clock,
            sleep=self.clock.sleep,
            rng=Random(7),
        )

    def _answer(self, name):
        self.asked.append(name)
        return self.failing.get(name) or text_response()

    async def ask(self, model, *, route=None):
        """Who is asked for one request, in order."""
        self.asked.clear()
        request = chat_request(model=model)
        request.context.route_override = route
        await self.router.send(request)
        return [*self.asked]

    def state(self, provider):
        (found,) = [one for one in self.router.snapshot() if one.provider == provider]
        return found

    def said_to(self, provider):
        """The texts of the conversation that a provider was asked last."""
        turns = self.fakes[provider].requests[-1].normalized.turns
        return [block.text for turn in turns for block in turn.blocks]


def read(name, tmp_path, changes=()):
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = tmp_path / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, environment=ENVIRONMENT)


@pytest.fixture
def gateway(tmp_path):
    """The gateway of an example, changed or not."""
    return lambda name, *changes: Gateway(read(name, tmp_path, changes).config)


@shows(
    "routing.rules[].matcher.model_pattern",
    "routing.rules[].strategy.type",
    "routing.rules[].strategy.providers[]",
)
async def test_round_robin_takes_turns(gateway):
    original = gateway(STRATEGIES)
    asked = [await original.ask("gpt-5") for _ in range(4)]
    assert asked == [["openai-primary"], ["openai-backup"]] * 2


@shows("routing.rules[].strategy.providers[].id", "routing.rules[].strategy.providers[].weight")
async def test_weighted_round_robin_goes_by_weights(gateway):
    original = gateway(STRATEGIES)
    asked = Counter([(await original.ask("claude-5"))[0] for _ in range(10)])
    assert asked == {"anthropic-primary": 8, "anthropic-backup": 2}
    capacity = [
        (await original.ask("claude-4-sonnet-1", route="sonnet-capacity-based"))[0]
        for _ in range(20)
    ]
    assert Counter(capacity) == {
        "anthropic-primary": 14,
        "anthropic-backup": 5,
        "emergency-fallback": 1,
    }


@shows("routing.rules[].priority")
async def test_the_rule_with_the_higher_priority_goes_first(gateway):
    """`gpt-4` is for both `gpt-round-robin` (20) and `gpt4-with-rate-limit-protection` (18)."""
    original = gateway(STRATEGIES)
    assert [await original.ask("gpt-4") for _ in range(2)] == [
        ["openai-primary"],
        ["openai-backup"],
    ]
    turned = gateway(STRATEGIES, ("priority: 18", "priority: 21"))
    assert [await turned.ask("gpt-4") for _ in range(2)] == [["openai-primary"]] * 2


@shows("routing.rules[].name")
async def test_a_client_may_name_a_rule(gateway):
    original = gateway(STRATEGIES)
    assert await original.ask("gpt-5", route="claude-weighted") == ["anthropic-primary"]


@shows("routing.rules[].fallbacks[]")
async def test_fallbacks_are_asked_when_all_others_have_failed(gateway):
    original = gateway(STRATEGIES)
    original.failing = {"openai-primary": BROKEN, "openai-backup": BROKEN}
    assert await original.ask("gpt-5") == ["openai-primary", "openai-backup", "emergency-fallback"]


@shows("routing.rules[].matcher.always", "routing.rules[].primary")
async def test_the_rule_for_everything_has_a_primary(gateway):
    original = gateway(STRATEGIES)
    assert await original.ask("mistral-large") == ["openai-primary"]
    original.failing = {"openai-primary": BROKEN}
    assert await original.ask("mistral-large") == ["openai-primary", "anthropic-primary"]


@shows(
    "routing.rules[].strategy.primary_providers[]",
    "routing.rules[].strategy.alternative_providers[]",
)
async def test_alternatives_are_asked_while_the_primary_ones_are_at_their_limits(gateway):
    original = gateway(STRATEGIES)
    route = "gpt4-with-rate-limit-protection"
    original.failing = {"openai-primary": LIMITED}
    assert await original.ask("gpt-4", route=route) == ["openai-primary", "openai-backup"]
    original.failing["openai-backup"] = LIMITED
    assert await original.ask("gpt-4", route=route) == ["openai-backup", "anthropic-primary"]
    assert await original.ask("gpt-4", route=route) == ["anthropic-primary"]
    original.failing["anthropic-primary"] = LIMITED
    assert await original.ask("gpt-4", route=route) == ["anthropic-primary", "anthropic-backup"]


@shows("routing.rules[].strategy.exponential_backoff_base_secs")
@pytest.mark.parametrize("base", [60, 15])
async def test_the_back_off_escalates_from_its_base(gateway, base):
    changes = ("exponential_backoff_base_secs: 60", f"exponential_backoff_base_secs: {base}")
    original = gateway(STRATEGIES, changes)
    route = "gpt4-with-rate-limit-protection"
    original.failing = {"openai-primary": LIMITED}
    for seconds in (base, 2 * base, 4 * base):
        assert (await original.ask("gpt-4", route=route))[0] == "openai-primary"
        original.clock.advance(seconds - 1)
        assert await original.ask("gpt-4", route=route) == ["openai-backup"]
        original.clock.advance(1)
    original.failing.clear()
    assert await original.ask("gpt-4", route=route) == ["openai-primary"]


@shows(
    "routing.circuit_breaker.failure_threshold",
    "routing.circuit_breaker.timeout_secs",
    "routing.circuit_breaker.success_threshold",
)
async def test_the_circuit_breaker_goes_by_its_numbers(gateway):
    original = gateway(STRATEGIES)
    original.failing = {"openai-primary": BROKEN}
    for _ in range(4):
        await original.ask("mistral")
    assert original.state("openai-primary").breaker == "closed"
    assert await original.ask("mistral") == ["openai-primary", "anthropic-primary"]
    assert original.state("openai-primary").breaker == "open"
    original.clock.advance(29)
    assert await original.ask("mistral") == ["anthropic-primary"]
    original.clock.advance(1)
    original.failing.clear()
    assert await original.ask("mistral") == ["openai-primary"]
    assert original.state("openai-primary").breaker == "half_open"
    assert await original.ask("mistral") == ["openai-primary"]
    assert original.state("openai-primary").breaker == "closed"


async def outcomes(original, text):
    """Requests that openai-primary answers (`+`) or fails (`-`)."""
    for outcome in text:
        original.failing = {"openai-primary": BROKEN} if outcome == "-" else {}
        await original.ask("mistral")


@shows("routing.health_monitor.healthy_threshold")
@pytest.mark.parametrize(("threshold", "status"), [("0.95", "degraded"), ("0.90", "healthy")])
async def test_from_the_upper_threshold_on_a_provider_is_healthy(gateway, threshold, status):
    original = gateway(STRATEGIES, ("healthy_threshold: 0.95", f"healthy_threshold: {threshold}"))
    await outcomes(original, "-+++++++++")
    assert original.state("openai-primary").health == status


@shows("routing.health_monitor.unhealthy_threshold")
@pytest.mark.parametrize(("threshold", "status"), [("0.50", "degraded"), ("0.51", "unhealthy")])
async def test_below_the_lower_threshold_a_provider_is_unhealthy(gateway, threshold, status):
    changes = ("unhealthy_threshold: 0.50", f"unhealthy_threshold: {threshold}")
    original = gateway(STRATEGIES, changes)
    await outcomes(original, "-+-+-+-+-+")
    assert original.state("openai-primary").health == status
    expected = "openai-primary" if status == "degraded" else "anthropic-primary"
    assert await original.ask("mistral") == [expected]


@shows("routing.health_monitor.min_requests")
async def test_with_fewer_requests_health_is_unknown(gateway):
    original = gateway(STRATEGIES)
    await outcomes(original, "+++++++++")
    assert original.state("openai-primary").health == "unknown"
    await outcomes(original, "+")
    assert original.state("openai-primary").health == "healthy"


@shows("routing.health_monitor.failure_window_secs")
@pytest.mark.parametrize(("window", "status"), [("60", "unknown"), ("600", "healthy")])
async def test_outcomes_count_within_the_window(gateway, window, status):
    changes = ("failure_window_secs: 60", f"failure_window_secs: {window}")
    original = gateway(STRATEGIES, changes)
    await outcomes(original, "++++++++++")
    original.clock.advance(70)
    assert original.state("openai-primary").health == status


@shows("routing.provider_switch_notification.default_message")
async def test_the_default_message_is_put_before_the_conversation(gateway):
    original = gateway(NOTIFICATION)
    original.failing = {"anthropic-primary": BROKEN}
    await original.ask("claude-5")
    assert original.said_to("anthropic-primary") == ["hi"]
    message, text = original.said_to("openai-primary")
    assert message.startswith("IMPORTANT: Please inform the user that due to temporary service")
    assert text == "hi"


@shows("routing.provider_switch_notification.enabled")
async def test_nobody_is_notified_where_that_is_turned_off(gateway):
    changes = (
        "provider_switch_notification:\n    enabled: true",
        "provider_switch_notification:\n    enabled: false",
    )
    original = gateway(NOTIFICATION, changes)
    original.failing = {"anthropic-primary": BROKEN}
    await original.ask("claude-5")
    assert original.said_to("openai-primary") == ["hi"]


@shows("providers.NAME.switch_notification_message")
async def test_a_providers_own_message_goes_first(gateway):
    original = gateway(NOTIFICATION)
    original.failing = {"openai-primary": LIMITED, "openai-backup": LIMITED}
    await original.ask("gpt-5")
    assert "our backup OpenAI service" in original.said_to("openai-backup")[0]
    message = original.said_to("anthropic-primary")[0]
    assert "we're using Claude (gpt-5)\nto handle their request due to high demand." in message


@shows("providers.NAME.max_retries")
async def test_a_provider_is_asked_again_so_often(gateway):
    original = gateway(NOTIFICATION)
    original.failing = {"anthropic-primary": BROKEN}
    assert await original.ask("claude-5") == ["anthropic-primary"] * 3 + ["openai-primary"]


@shows("providers.NAME.http_client.max_retries")
async def test_retries_may_be_said_of_the_http_client(gateway):
    original = gateway(RETRIES)
    original.failing = {"openai": BROKEN}
    with pytest.raises(UpstreamAnsweredError):
        await original.ask("gpt-5")
    assert original.asked == ["openai"] * 4


@shows("routing.rules[].model_pattern")
async def test_a_pattern_may_stand_in_the_rule_itself(gateway):
    original = gateway(FLAT)
    assert await original.ask("claude-5") == ["anthropic"]
    assert await original.ask("gpt-5") == ["openai"]
    assert await original.ask("my-claude-5") == ["openai"]


@pytest.mark.parametrize("name", [STRATEGIES, NOTIFICATION, FLAT, RETRIES])
def test_the_examples_load_unchanged(tmp_path, name):
    loaded = read(name, tmp_path)
    document = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    assert [*loaded.config.providers] == [*document["providers"]]
    rules = document.get("routing", {}).get("rules", [])
    assert [rule.name for rule in loaded.config.routing.rules] == [rule["name"] for rule in rules]


def test_rules_that_the_examples_hide_behind_others_are_pointed_out(tmp_path):
    assert [warning.split('"')[1] for warning in read(STRATEGIES, tmp_path).warnings] == [
        "gpt4-with-rate-limit-protection",
        "sonnet-capacity-based",
    ]
    assert read(NOTIFICATION, tmp_path).warnings == ()


def keys_of(value, path):
    match value:
        case dict():
            return {key for name, item in value.items() for key in keys_of(item, f"{path}.{name}")}
        case list():
            return {key for item in value for key in keys_of(item, f"{path}[]")}
        case _:
            return {path}


def test_every_key_is_shown():
    """Those of `routing`, and those of providers that are about routing."""
    found: set[str] = set()
    about_routing = {"max_retries", "switch_notification_message"}
    for path in FOLDER.glob("*.yaml"):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        found |= keys_of(document.get("routing", {}), "routing")
        for provider in document["providers"].values():
            keys = keys_of(provider, "providers.NAME")
            found |= {key for key in keys if key.rpartition(".")[2] in about_routing}
    assert found == SHOWN
