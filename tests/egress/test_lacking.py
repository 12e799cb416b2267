"""What a connector is known to lack for a request."""

import msgspec
import pytest

from lunaroute_core import (
    Capabilities,
    InvalidRequestError,
    LimitedProvider,
    ModelRequest,
    Operation,
    RequestContext,
)
from lunaroute_core.model import (
    DocumentBlock,
    FunctionTool,
    ImageBlock,
    Message,
    TextBlock,
    TextSource,
    ToolResultBlock,
    UrlSource,
)
from lunaroute_core.testing import chat_request, wire_request
from lunaroute_egress import (
    AnthropicEndpoint,
    AzureOpenAIEndpoint,
    Connector,
    HttpClient,
    KeyRing,
    ModelNames,
    OpenAIEndpoint,
)
from lunaroute_egress.lacking import lacking_capability

IMAGE = ImageBlock(source=UrlSource(url="https://pictures.example/a.png"))
FILE = DocumentBlock(source=UrlSource(url="https://files.example/a.pdf"))
TEXT_FILE = DocumentBlock(source=TextSource(text="plain"))
TOOL = FunctionTool(name="lookup", schema={"type": "object"})
BODY = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}]}'


def asked(*blocks, tools=()):
    request = chat_request()
    turn = Message(role="user", blocks=[TextBlock(text="look"), *blocks])
    return request.with_normalized(
        msgspec.structs.replace(request.normalized, turns=[turn], tools=list(tools))
    )


def in_result(block):
    return ToolResultBlock(call_id="call_1", blocks=[block])


@pytest.mark.parametrize(
    ("request_", "known", "reason"),
    [
        (asked(tools=[TOOL]), {"tools": False}, "the model takes no tools"),
        (asked(IMAGE), {"images": False}, "the model takes no images"),
        (asked(in_result(IMAGE)), {"images": False}, "the model takes no images"),
        (asked(DocumentBlock(blocks=[IMAGE])), {"images": False}, "the model takes no images"),
        (asked(FILE), {"documents": False}, "the model takes no documents"),
        (asked(in_result(FILE)), {"documents": False}, "the model takes no documents"),
        (asked(), {"tools": False, "images": False, "documents": False}, None),
        (asked(IMAGE, FILE), {"tools": False}, None),
        (asked(tools=[TOOL]), {"images": False, "documents": False}, None),
        (asked(TEXT_FILE), {"documents": False}, None),
        (asked(IMAGE, FILE, tools=[TOOL]), {}, None),
        (asked(IMAGE, FILE, tools=[TOOL]), {"structured_output": False}, None),
    ],
)
def test_what_the_model_is_known_not_to_take(request_, known, reason):
    assert lacking_capability(request_, Capabilities(**known)) == reason


def test_a_request_that_is_certainly_too_long_is_told_from_one_that_may_be():
    request = asked(TextBlock(text="word " * 1200))
    assert lacking_capability(request, Capabilities(context_window=1100)) is None
    reason = lacking_capability(request, Capabilities(context_window=500))
    assert reason.endswith("input tokens do not fit into the model's context of 500")


def test_a_request_is_only_read_where_something_is_restricted():
    request = wire_request(b'{"model": "m", "messages": 5}')
    assert lacking_capability(request, Capabilities()) is None
    assert lacking_capability(request, Capabilities(images=False)) is None
    with pytest.raises(InvalidRequestError):
        _ = request.normalized


# Connectors


OPENAI, CHAT = OpenAIEndpoint(), ("openai_chat",)
LOCAL = OpenAIEndpoint(base_url="http://127.0.0.1:8000/v1")
ON_THE_NETWORK = OpenAIEndpoint(base_url="http://gpu-7:8000/v1")
AZURE = AzureOpenAIEndpoint(base_url="https://n.openai.azure.com")
ANTHROPIC = AnthropicEndpoint()
CLIENTS = ((b"authorization", b"Bearer sk-client"),)


def connector(endpoint=OPENAI, **options):
    return Connector(name="up", endpoint=endpoint, dialects=CHAT, http=HttpClient(), **options)


def test_a_connector_says_what_it_lacks():
    assert isinstance(connector(), LimitedProvider)


@pytest.mark.parametrize(
    ("endpoint", "options", "headers", "lacks"),
    [
        (OPENAI, {}, (), True),
        (OPENAI, {}, CLIENTS, False),
        (OPENAI, {"keys": KeyRing(("own",))}, (), False),
        (OPENAI, {"headers": {"Authorization": "Bearer own"}}, (), False),
        (OPENAI, {"forward_client_credentials": False}, CLIENTS, True),
        (OPENAI, {}, ((b"authorization", b"Bearer sk-ant-api03-x"),), True),
        (ANTHROPIC, {}, CLIENTS, True),
        (AZURE, {}, CLIENTS, True),
        (AZURE, {"forward_client_credentials": True}, CLIENTS, False),
        (LOCAL, {}, (), False),
        (ON_THE_NETWORK, {}, (), False),
    ],
)
def test_a_vendor_cannot_be_asked_without_a_key(endpoint, options, headers, lacks):
    reason = connector(endpoint, **options).lacks(wire_request(BODY, headers=headers))
    assert (reason is not None) is lacks
    if lacks:
        assert reason.startswith("no key")


def test_asking_costs_no_turn_of_the_keys():
    keys = KeyRing(("first", "second"))
    connector(keys=keys).lacks(wire_request(BODY))
    assert keys.next() == "first"


def test_an_operators_word_on_a_model_counts_under_the_upstreams_name_for_it():
    one = connector(
        LOCAL,
        models=ModelNames(names={"public": "blind"}),
        profiles={"blind": {"images": False}},
    )
    request = asked(IMAGE)
    assert one.lacks(request.with_model("public")) == "the model takes no images"
    assert one.lacks(request.with_model("another")) is None


def test_only_what_generates_is_held_to_what_models_take():
    one = connector(LOCAL, profiles={"*": {"context_window": 1}})
    context = RequestContext(client_dialect="openai_chat")
    wire = wire_request(BODY).wire
    for operation in (Operation.LIST_MODELS, Operation.FORWARD, Operation.COUNT_TOKENS):
        request = ModelRequest(
            model="m", stream=False, context=context, wire=wire, operation=operation
        )
        assert one.lacks(request) is None
    assert one.lacks(wire_request(BODY)) is not None
