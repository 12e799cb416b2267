"""OpenAI's list of models: `GET /v1/models` and `GET /v1/models/{id}`."""

import msgspec
from attrs import frozen

from lunaroute_core.dialects.codec import ModelInfo, ModelListPage
from lunaroute_core.json_value import JSONObject, JSONValue


@frozen
class OpenAIModels:
    """A `ModelListCodec`."""

    def decode(self, body: bytes) -> list[ModelInfo]:
        """The entries that have an id.

        Raises:
            ValueError: neither `{"data": […]}` nor a bare array, which some compatible
                servers answer.
        """
        try:
            answer: JSONValue = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"not a model list: {error}") from error
        entries = answer.get("data") if isinstance(answer, dict) else answer
        if not isinstance(entries, list):
            raise ValueError("not a model list: no array of models")  # noqa: TRY004
        return [
            _model_info(entry, model_id)
            for entry in entries
            if isinstance(entry, dict) and isinstance(model_id := entry.get("id"), str)
        ]

    def encode(self, models: list[ModelInfo], page: ModelListPage) -> bytes:  # noqa: ARG002
        """The whole list: OpenAI has no pages here."""
        data = [_model_object(model) for model in models]
        return msgspec.json.encode({"object": "list", "data": data})

    def encode_one(self, model: ModelInfo) -> bytes:
        return msgspec.json.encode(_model_object(model))


def _model_info(entry: JSONObject, model_id: str) -> ModelInfo:
    owned_by, name, created = entry.get("owned_by"), entry.get("name"), entry.get("created")
    return ModelInfo(
        id=model_id,
        vendor="openai",
        owned_by=owned_by if isinstance(owned_by, str) else "openai",
        display_name=name if isinstance(name, str) else None,
        created=int(created) if isinstance(created, int | float) else None,
        raw=entry,
    )


def _model_object(model: ModelInfo) -> JSONObject:
    """The vendor's own object where there is one, under the id that we publish."""
    written: JSONObject = {
        "id": model.id,
        "object": "model",
        "created": model.created or 0,
        "owned_by": model.owned_by,
    }
    if model.vendor == "openai" and model.raw is not None:
        return {**model.raw, **written}
    return written
