"""The model list codec."""

from datetime import UTC, datetime

import msgspec
from msgspec import Struct
from msgspec.json import Decoder

from lunaroute_core.dialects.anthropic_messages.model_capabilities import stated_capabilities
from lunaroute_core.dialects.anthropic_messages.name import VENDOR
from lunaroute_core.dialects.codec import ModelInfo, ModelListPage
from lunaroute_core.json_value import JSONObject

DEFAULT_LIMIT = 20
MAX_LIMIT = 1000


class _ModelList(Struct):
    data: list[JSONObject]


class _Model(Struct):
    id: str
    display_name: str | None = None
    created_at: str | None = None


_MODEL_LIST = Decoder(_ModelList)


class AnthropicModels:
    """Anthropic's `/v1/models`, which comes in pages and gives times as RFC 3339 texts."""

    def decode(self, body: bytes) -> list[ModelInfo]:
        try:
            return [_read_model(raw) for raw in _MODEL_LIST.decode(body).data]
        except RecursionError as error:
            raise ValueError("the model list is nested too deeply") from error

    def encode(self, models: list[ModelInfo], page: ModelListPage) -> bytes:
        """The page a client asked for; an unknown cursor gives an empty one."""
        shown, more = _cut(models, page)
        answer: JSONObject = {
            "data": [_write_model(model) for model in shown],
            "has_more": more,
            "first_id": shown[0].id if shown else None,
            "last_id": shown[-1].id if shown else None,
        }
        return msgspec.json.encode(answer)

    def encode_one(self, model: ModelInfo) -> bytes:
        return msgspec.json.encode(_write_model(model))


def _cut(models: list[ModelInfo], page: ModelListPage) -> tuple[list[ModelInfo], bool]:
    """The models of a page, and whether there are more in the direction it is read in."""
    limit = min(max(page.limit or DEFAULT_LIMIT, 1), MAX_LIMIT)
    ids = [model.id for model in models]
    if page.before_id is not None:
        end = ids.index(page.before_id) if page.before_id in ids else 0
        start = max(0, end - limit)
        return models[start:end], start > 0
    start = 0
    if page.after_id is not None:
        start = ids.index(page.after_id) + 1 if page.after_id in ids else len(ids)
    return models[start : start + limit], start + limit < len(ids)


def _read_model(raw: JSONObject) -> ModelInfo:
    model = msgspec.convert(raw, _Model)
    return ModelInfo(
        id=model.id,
        vendor=VENDOR,
        owned_by=VENDOR,
        display_name=model.display_name,
        created=_unix_time(model.created_at),
        capabilities=stated_capabilities(raw),
        raw=raw,
    )


def _write_model(model: ModelInfo) -> JSONObject:
    """The vendor's own entry under the id it has here, or one made of what is known."""
    if model.raw is not None and model.vendor == VENDOR:
        return {**model.raw, "id": model.id}
    created = datetime.fromtimestamp(model.created or 0, UTC)
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.display_name or model.id,
        "created_at": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lifecycle": "active",
    }


def _unix_time(text: str | None) -> int | None:
    """Seconds; None for the epoch, by which the vendor says that it does not know."""
    try:
        return int(datetime.fromisoformat(text or "").timestamp()) or None
    except (ValueError, OverflowError):
        return None
