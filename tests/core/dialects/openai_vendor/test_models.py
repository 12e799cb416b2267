import msgspec
import pytest
from openai.types import Model

from lunaroute_core.dialects.codec import ModelInfo, ModelListPage
from lunaroute_core.dialects.openai_vendor import OpenAIModels

MODELS = OpenAIModels()
RAW = {
    "id": "gpt-5.5",
    "object": "model",
    "created": 7,
    "owned_by": "system",
    "shutdown_date": None,
}


def decode(value):
    return MODELS.decode(msgspec.json.encode(value))


def test_a_list_is_read_with_the_vendors_own_objects():
    assert decode({"object": "list", "data": [RAW]}) == [
        ModelInfo(id="gpt-5.5", vendor="openai", owned_by="system", created=7, raw=RAW)
    ]


def test_entries_without_an_id_are_left_out():
    assert [it.id for it in decode({"data": [{"id": 5}, "x", None, {"id": "a"}]})] == ["a"]


def test_fields_that_compatible_servers_leave_out_or_bend_have_defaults():
    (model,) = decode({"data": [{"id": "a", "created": 7.0, "name": "A", "owned_by": None}]})
    assert (model.created, model.display_name, model.owned_by) == (7, "A", "openai")


def test_a_bare_array_is_a_list_too():
    assert [it.id for it in decode([{"id": "a"}])] == ["a"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'"x"', b'{"data":{}}', b"[" * 100_000])
def test_other_bytes_are_no_list(body):
    with pytest.raises(ValueError):
        MODELS.decode(body)


def test_an_encoded_list_is_one_that_the_sdk_reads():
    models = [
        ModelInfo(id="a", created=3),
        ModelInfo(id="claude", vendor="anthropic", raw={"x": 1}),
    ]
    answer = msgspec.json.decode(MODELS.encode(models, ModelListPage(limit=1)))
    assert answer["object"] == "list"
    assert [Model.model_validate(it, strict=True).id for it in answer["data"]] == ["a", "claude"]
    assert answer["data"][1] == {
        "id": "claude",
        "object": "model",
        "created": 0,
        "owned_by": "lunaroute",
    }


def test_own_fields_of_an_openai_model_are_passed_on_under_the_published_id():
    model = ModelInfo(id="alias", vendor="openai", owned_by="system", created=7, raw=RAW)
    assert msgspec.json.decode(MODELS.encode_one(model)) == {**RAW, "id": "alias"}
