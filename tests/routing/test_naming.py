from lunaroute_routing.naming import unknown_provider, unknown_route


def test_names_what_there_is_in_place_of_what_there_is_not():
    error = unknown_provider("b", ["a", "c"])
    assert error.details.message == "X-Luna-Provider: there is no provider 'b', only a, c"
    assert unknown_route("b", []).details.message.endswith("there is no route 'b', only none")


def test_an_answer_stays_short_whatever_is_asked_and_however_much_there_is():
    message = unknown_route(
        "b" * 10_000, [f"rule-{number}" for number in range(1_000)]
    ).details.message
    assert message.endswith("rule-49 and 950 more")
    assert len(message) < 1_000
