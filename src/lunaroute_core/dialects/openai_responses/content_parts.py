"""Reads content parts: what messages and tool outputs are made of.

A part of a type this version does not know becomes an `OpaqueBlock`.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias, cast

from msgspec import Struct

from lunaroute_core.dialects.openai_responses.fields import (
    extensions_of,
    read_object,
    remainder,
)
from lunaroute_core.dialects.openai_responses.name import DIALECT, VENDOR
from lunaroute_core.dialects.request_json import missing_field
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    AudioBlock,
    Block,
    CacheMark,
    Citation,
    DocumentBlock,
    FileSource,
    ImageBlock,
    InlineSource,
    OpaqueBlock,
    RefusalBlock,
    TextBlock,
    UrlSource,
)

PartReader: TypeAlias = Callable[[JSONObject, str], tuple[Block, set[str]]]
"""From the part and its path to its block and the fields the block holds."""

_TTLS: dict[JSONValue, Literal["30m", "12h"]] = {"30m": "30m", "12h": "12h"}


class _Text(Struct):
    text: str
    annotations: list[JSONObject] | None = None


class _Refusal(Struct):
    refusal: str


class _Image(Struct):
    image_url: str | None = None
    file_id: str | None = None
    detail: str | None = None


class _File(Struct):
    file_data: str | None = None
    file_url: str | None = None
    file_id: str | None = None
    filename: str | None = None


class _AudioData(Struct):
    data: str
    format: str


class _Audio(Struct):
    input_audio: _AudioData


def read_parts(parts: list[JSONObject], *, usual: str, param: str) -> list[Block]:
    """The blocks of a content list. `usual` is the type that text parts have there."""
    return [
        read_part(part, usual=usual, param=f"{param}[{index}]") for index, part in enumerate(parts)
    ]


def read_part(raw: JSONObject, *, usual: str, param: str) -> Block:
    kind = raw.get("type")
    if not isinstance(kind, str):
        raise missing_field(f"{param}.type")
    if kind not in _READERS:
        return OpaqueBlock(dialect=DIALECT, type=kind, raw=raw)
    block, modelled = _READERS[kind](raw, param)
    # The kind of block says the type, unless a text stands where another type is usual.
    if not isinstance(block, TextBlock) or kind == usual:
        modelled.add("type")
    block.cache = read_cache_mark(raw)
    if block.cache is not None:
        modelled.add("prompt_cache_breakpoint")
    block.extensions = extensions_of(remainder(raw, modelled))
    return block


def read_cache_mark(raw: JSONObject) -> CacheMark | None:
    """`prompt_cache_breakpoint`; None for a form this version does not know."""
    match raw.get("prompt_cache_breakpoint"):
        case {"mode": "explicit", "ttl": str(ttl), **rest} if not rest and ttl in _TTLS:
            return CacheMark(ttl=_TTLS[ttl])
        case {"mode": "explicit", **rest} if not rest:
            return CacheMark()
        case _:
            return None


def read_citation(raw: JSONObject) -> Citation:
    url, title = raw.get("url"), raw.get("title")
    start, end = raw.get("start_index"), raw.get("end_index")
    return Citation(
        dialect=DIALECT,
        raw=raw,
        url=url if isinstance(url, str) else None,
        title=title if isinstance(title, str) else None,
        start=start if isinstance(start, int) else None,
        end=end if isinstance(end, int) else None,
    )


def _read_text(raw: JSONObject, param: str) -> tuple[Block, set[str]]:
    part = read_object(raw, _Text, param=param)
    citations = [read_citation(annotation) for annotation in part.annotations or []]
    modelled = {"text", "annotations"} if citations else {"text"}
    return TextBlock(text=part.text, citations=citations), modelled


def _read_refusal(raw: JSONObject, param: str) -> tuple[Block, set[str]]:
    return RefusalBlock(text=read_object(raw, _Refusal, param=param).refusal), {"refusal"}


def _read_image(raw: JSONObject, param: str) -> tuple[Block, set[str]]:
    part = read_object(raw, _Image, param=param)
    if part.image_url is not None:
        source = _inline(part.image_url) or UrlSource(url=part.image_url)
        return ImageBlock(source=source, detail=part.detail), {"image_url", "detail"}
    if part.file_id is not None:
        source = FileSource(vendor=VENDOR, file_id=part.file_id)
        return ImageBlock(source=source, detail=part.detail), {"file_id", "detail"}
    raise InvalidRequestError(f"{param}: needs an image_url or a file_id", param=param)


def _read_file(raw: JSONObject, param: str) -> tuple[Block, set[str]]:
    """`file_data` is a data URL or, without one, base64 of a media type it does not say."""
    part = read_object(raw, _File, param=param)
    if part.file_data is not None:
        held = "file_data"
        bare = InlineSource(media_type="", data=part.file_data)
        source = _inline(part.file_data) or bare
    elif part.file_url is not None:
        held, source = "file_url", UrlSource(url=part.file_url)
    elif part.file_id is not None:
        held, source = "file_id", FileSource(vendor=VENDOR, file_id=part.file_id)
    else:
        raise InvalidRequestError(f"{param}: needs file_data, file_url or file_id", param=param)
    return DocumentBlock(source=source, title=part.filename), {held, "filename"}


def _read_audio(raw: JSONObject, param: str) -> tuple[Block, set[str]]:
    audio = read_object(raw, _Audio, param=param).input_audio
    inner = cast(JSONObject, raw["input_audio"])
    whole = inner.keys() == {"data", "format"}
    return AudioBlock(data=audio.data, format=audio.format), {"input_audio"} if whole else set()


def _inline(url: str) -> InlineSource | None:
    """The data of a base64 data URL (RFC 2397) that names its media type."""
    head, separator, data = url.removeprefix("data:").partition(";base64,")
    if not url.startswith("data:") or not separator or not head or "," in head:
        return None
    return InlineSource(media_type=head, data=data)


_READERS: dict[str, PartReader] = {
    "input_text": _read_text,
    "output_text": _read_text,
    "text": _read_text,
    "refusal": _read_refusal,
    "input_image": _read_image,
    "input_file": _read_file,
    "input_audio": _read_audio,
}
