import anthropic
import httpx2
import msgspec
import pytest
from anthropic.types import ModelInfo as SDKModelInfo

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC
from lunaroute_core.dialects.codec import ModelInfo, ModelListPage

MODELS = ANTHROPIC.models
RAW = {
    "type": "model",
    "id": "claude-1",
    "display_name": "Claude 1",
    "created_at": "2026-02-19T00:00:00Z",
    "lifecycle": "active",
    "max_input_tokens": 200000,
}
FIVE = [ModelInfo(id=f"m{number}") for number in range(5)]


def page(models: list[ModelInfo] = FIVE, **fields: object) -> dict:
    return msgspec.json.decode(MODELS.encode(models, ModelListPage(**fields)))


def test_a_list_is_read():
    [model] = MODELS.decode(msgspec.json.encode({"data": [RAW], "has_more": False}))
    assert model == ModelInfo(
        id="claude-1",
        vendor="anthropic",
        owned_by="anthropic",
        display_name="Claude 1",
        created=1771459200,
        raw=RAW,
    )


@pytest.mark.parametrize("created_at", [None, "soon", "1970-01-01T00:00:00Z", "0001-01-01T00:00Z"])
def test_a_model_of_unknown_age_has_no_time(created_at):
    body = msgspec.json.encode({"data": [{"id": "m", "created_at": created_at}]})
    [model] = MODELS.decode(body)
    assert model.created in (None, -62135596800)
    assert model.id == "m"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"data":{}}',
        b'{"data":[{}]}',
        b'{"data":[{"id":1}]}',
        b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_list_is_refused(body):
    with pytest.raises(ValueError):
        MODELS.decode(body)


def test_the_vendors_own_entry_comes_back_whole_under_the_name_it_has_here():
    model = ModelInfo(id="anthropic/claude-1", vendor="anthropic", raw=RAW)
    assert page([model])["data"] == [{**RAW, "id": "anthropic/claude-1"}]


def test_any_other_entry_is_made_of_what_is_known():
    model = ModelInfo(id="gpt", vendor="openai", created=1771459200, raw={"object": "model"})
    written = msgspec.json.decode(MODELS.encode_one(model))
    assert written == {
        "type": "model",
        "id": "gpt",
        "display_name": "gpt",
        "created_at": "2026-02-19T00:00:00Z",
        "lifecycle": "active",
    }
    SDKModelInfo.model_validate(written)


def test_a_model_of_unknown_age_is_as_old_as_time():
    assert page()["data"][0]["created_at"] == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("fields", "ids", "more"),
    [
        ({}, [0, 1, 2, 3, 4], False),
        ({"limit": 2}, [0, 1], True),
        ({"limit": 5}, [0, 1, 2, 3, 4], False),
        ({"limit": 2, "after_id": "m1"}, [2, 3], True),
        ({"limit": 2, "after_id": "m2"}, [3, 4], False),
        ({"after_id": "m4"}, [], False),
        ({"after_id": "gone"}, [], False),
        ({"limit": 2, "before_id": "m3"}, [1, 2], True),
        ({"limit": 2, "before_id": "m2"}, [0, 1], False),
        ({"before_id": "m0"}, [], False),
        ({"before_id": "gone"}, [], False),
    ],
)
def test_pages_are_cut_around_cursors(fields, ids, more):
    written = page(**fields)
    assert [model["id"] for model in written["data"]] == [f"m{number}" for number in ids]
    assert written["has_more"] is more
    assert written["first_id"] == (f"m{ids[0]}" if ids else None)
    assert written["last_id"] == (f"m{ids[-1]}" if ids else None)


def test_a_page_holds_twenty_unless_asked_otherwise():
    many = [ModelInfo(id=f"m{number}") for number in range(30)]
    assert len(page(many)["data"]) == 20
    assert len(page(many, limit=1000)["data"]) == 30


@pytest.mark.parametrize("limit", [1, 2, 20])
def test_the_sdk_walks_all_pages(limit):
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked = ModelListPage.from_query(request.url.query)
        return httpx2.Response(200, content=MODELS.encode(FIVE, asked))

    http_client = httpx2.Client(transport=httpx2.MockTransport(answer))
    with anthropic.Anthropic(api_key="k", http_client=http_client) as client:
        assert [model.id for model in client.models.list(limit=limit)] == [m.id for m in FIVE]
