"""A gateway in somebody's own program, whose routing changes when the program says so."""

import signal

import pytest

from lunaroute_core import ConfigurationError
from lunaroute_core.testing import chat_request
from lunaroute_server.config import config_from_mapping
from lunaroute_server.gateway import Gateway

CONFIG = """\
providers:
  broken: {type: mock, mock: {error_rate: 1}}
  first: {type: mock, mock: {script: [{text: one}]}}
  second: {type: mock, mock: {tokens_per_second: 100, script: [{text: "two, and more of it"}]}}
routing:
  circuit_breaker: {failure_threshold: 1}
  rules:
    - {name: main, primary: broken/text, fallbacks: [first/text]}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "lr.yaml"
    path.write_text(CONFIG)
    return path


async def answering(gateway):
    return (await gateway.send(chat_request(model="m"))).provider


async def test_the_file_it_was_made_from_is_read_again(file):
    async with Gateway.from_config(file) as gateway:
        assert await answering(gateway) == "first"
        file.write_text(CONFIG.replace("[first/text]", "[second/text]"))
        assert await answering(gateway) == "first"  # nobody has asked for it
        done = await gateway.reload()
        assert done.changed == ("routing.rules[0].fallbacks[0]",)
        assert await answering(gateway) == "second"


async def test_what_is_known_of_providers_is_kept(file):
    async with Gateway.from_config(file) as gateway:
        await answering(gateway)
        before = gateway.router.snapshot()
        file.write_text(CONFIG.replace("[first/text]", "[second/text]"))
        await gateway.reload()
        (broken,) = (it for it in gateway.router.explain(chat_request()).tiers[0].candidates)
        assert "circuit breaker" in broken.skipped
        kept = {it.provider: it for it in gateway.router.snapshot()}
        assert kept["broken"].breaker == {it.provider: it for it in before}["broken"].breaker


async def test_a_stream_that_is_open_goes_on_as_it_began(file):
    file.write_text(CONFIG.replace("broken/text, fallbacks: [first/text]", "second/text"))
    async with Gateway.from_config(file) as gateway:
        request = chat_request(model="m", stream=True)
        async with await gateway.stream(request) as stream:
            file.write_text(CONFIG)
            await gateway.reload()
            text = b"".join([block async for block in stream.blocks(request)])
        assert text.count(b"data: ") > 3
        assert text.rstrip().endswith(b"[DONE]")
        assert await answering(gateway) == "first"


async def test_a_bad_file_is_an_error_and_changes_nothing(file):
    async with Gateway.from_config(file) as gateway:
        file.write_text(CONFIG.replace("[first/text]", "[nobody]"))
        with pytest.raises(ConfigurationError, match="nobody"):
            await gateway.reload()
        assert await answering(gateway) == "first"


async def test_a_program_may_bring_another_configuration():
    providers = {name: {"type": "mock"} for name in ("first", "second")}

    def config(primary):
        rules = [{"name": "main", "primary": primary}]
        return config_from_mapping({"providers": providers, "routing": {"rules": rules}})

    async with Gateway.from_config(config("first/text")) as gateway:
        assert gateway.reconfigure(config("second/text")).changed == ("routing.rules[0].primary",)
        assert await answering(gateway) == "second"
        with pytest.raises(ConfigurationError, match="not read from a file"):
            await gateway.reload()


async def test_a_gateway_without_a_configuration_has_nothing_to_read_again():
    gateway = Gateway(provider=Gateway.from_config().provider)
    with pytest.raises(ConfigurationError, match="was not made from a configuration"):
        await gateway.reload()


async def test_in_somebodys_program_it_touches_no_signal(file):
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    async with Gateway.from_config(file) as gateway:
        await gateway.reload()
        assert {number: signal.getsignal(number) for number in signal.valid_signals()} == before
