import pytest

from lunaroute_core import InvalidRequestError
from lunaroute_server.config import config_from_mapping
from lunaroute_server.route_trial import DescribedRequest, Expectation, RouteCase, RouteTrial

MAIN = {"name": "main", "match": {"model": "m"}, "primary": "first", "fallbacks": ["second/x"]}


def case(down=(), request=None, **expected):
    request = DescribedRequest(**(request or {"model": "m"}))
    return RouteCase(name="it", request=request, expect=Expectation(**expected), down=down)


async def test_a_request_is_explained_by_the_configured_rules(trial):
    explanation = await trial(rules=[MAIN]).explain(DescribedRequest(model="m"))
    assert (explanation.route, explanation.chosen_by) == ("main", "rule")
    assert [one.label for one in explanation.order] == ["first/m", "second/x"]


@pytest.mark.parametrize(
    "expected",
    [
        {"route": "main"},
        {"provider": "first", "model": "m"},
        {"order": ("first", "second")},
        {"order": ("first/m", "second/x")},
        {"down": ("first",), "provider": "second", "model": "x", "order": ("second",)},
        {"down": ("first", "second"), "order": ()},
        {"request": {"model": "third/y"}, "route": "third", "model": "y"},
    ],
)
async def test_what_comes_out_as_expected_passes(trial, expected):
    result = await trial(rules=[MAIN]).check(case(**expected))
    assert (result.failures, result.passed) == ((), True)


@pytest.mark.parametrize(
    ("expected", "failure"),
    [
        ({"route": "other"}, 'route is "main", not "other"'),
        ({"provider": "second"}, 'provider is "first", not "second"'),
        ({"model": "x"}, 'model is "m", not "x"'),
        ({"order": ("first",)}, "the order is first/m, second/x, not first"),
        ({"order": ("second", "first")}, "the order is first/m, second/x, not second, first"),
        ({"down": ("first", "second"), "provider": "first"}, 'provider is none, not "first"'),
        ({"down": ("first", "second"), "order": ("first",)}, "the order is nobody, not first"),
    ],
)
async def test_what_comes_out_otherwise_is_told(trial, expected, failure):
    result = await trial(rules=[MAIN]).check(case(**expected))
    assert result.failures == (failure,)


async def test_all_that_is_wrong_is_told(trial):
    result = await trial(rules=[MAIN]).check(case(route="a", provider="b", model="c", order=()))
    assert len(result.failures) == 4


@pytest.mark.parametrize(
    "request_", [{"model": "m", "provider": "nobody"}, {"path": "/nowhere"}, {}]
)
async def test_a_request_that_cannot_be_routed_fails_its_case(trial, request_):
    result = await trial().check(case(request=request_ or {"path": "/v1/responses"}, route="main"))
    assert (result.passed, result.explanation) == (False, None)


async def test_what_the_client_names_that_is_not_there_is_its_mistake(trial):
    with pytest.raises(InvalidRequestError, match="nobody"):
        await trial().explain(DescribedRequest(model="m", provider="nobody"))


def test_a_trial_leaves_no_trace(tmp_path, monkeypatch):
    """Serving makes a secret and opens a store."""
    monkeypatch.setenv("LUNAROUTE_HOME", str(tmp_path / "home"))
    RouteTrial.of(config_from_mapping({"state": {"url": f"sqlite:///{tmp_path}/state.db"}}))
    assert list(tmp_path.iterdir()) == []
