"""Message content: a string, or an array of parts."""

from lunaroute_core.dialects.openai_chat.extensions import DIALECT, extensions, left_over
from lunaroute_core.dialects.openai_chat.fields import Fields, wrong_or_missing, wrong_type
from lunaroute_core.dialects.request_json import check_bytes, missing_field
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    AudioBlock,
    Block,
    CacheMark,
    DocumentBlock,
    FileSource,
    ImageBlock,
    InlineSource,
    OpaqueBlock,
    RefusalBlock,
    TextBlock,
    UrlSource,
)
from lunaroute_core.request_limits import RequestLimits

_MARK = "prompt_cache_breakpoint"
_FILE_MEDIA_TYPE = "application/pdf"
"""Bare base64 names no type; PDF is the only one Chat documents for `file_data`."""


def decode_content(message: JSONObject, limits: RequestLimits, *, path: str) -> list[Block]:
    """The blocks of the `content` of the message at `path`.

    Raises:
        InvalidRequestError: it is absent, malformed, or a text over its limit.
    """
    content = message.get("content")
    if isinstance(content, str):
        if limits.max_string_bytes is not None:
            check_bytes(content, limits.max_string_bytes, param=f"{path}.content")
        return [TextBlock(text=content)]
    if not isinstance(content, list):
        raise wrong_or_missing(content, "a string or an array", param=f"{path}.content")
    blocks: list[Block] = []
    for at, part in enumerate(content):
        blocks.append(_decode_part(part, limits, path=f"{path}.content[{at}]"))
    return blocks


def _decode_part(value: JSONValue, limits: RequestLimits, *, path: str) -> Block:
    if not isinstance(value, dict):
        raise wrong_type(path, "an object")
    kind = value.get("type")
    if not isinstance(kind, str):
        raise wrong_or_missing(kind, "a string", param=f"{path}.type")
    if kind in ("text", "refusal"):
        return _text(value, kind, limits, path=path)
    part = Fields.of(value, path=path)
    part.take("type")
    mark = _cache_mark(part.peek(_MARK))
    if mark is not None:
        part.take(_MARK)
    match kind:
        case "image_url":
            block = _image(part.needed_fields("image_url"))
        case "input_audio":
            audio = part.needed_fields("input_audio")
            block = AudioBlock(data=audio.needed_text("data"), format=audio.text("format"))
        case "file":
            return _file(part, mark)
        case _:
            return OpaqueBlock(dialect=DIALECT, type=kind, raw=value)
    block.cache = mark
    block.extensions = extensions(part.left)
    return block


def _text(part: JSONObject, kind: str, limits: RequestLimits, *, path: str) -> Block:
    """A part whose text stands under the name of its type."""
    text = part.get(kind)
    if not isinstance(text, str):
        raise wrong_or_missing(text, "a string", param=f"{path}.{kind}")
    if limits.max_string_bytes is not None:
        check_bytes(text, limits.max_string_bytes, param=f"{path}.{kind}")
    block = TextBlock(text=text) if kind == "text" else RefusalBlock(text=text)
    if len(part) > 2:  # there is more than type and text
        block.cache = _cache_mark(part.get(_MARK))
        read = {"type", kind} if block.cache is None else {"type", kind, _MARK}
        block.extensions = extensions(left_over(part, read))
    return block


def _cache_mark(value: JSONValue) -> CacheMark | None:
    """`prompt_cache_breakpoint`, None where its form is not one that this version knows."""
    match value:
        case {"mode": "explicit", "ttl": ("30m" | "12h") as ttl, **rest} if not rest:
            return CacheMark(ttl="30m" if ttl == "30m" else "12h")
        case {"mode": "explicit", **rest} if not rest:
            return CacheMark()
        case _:
            return None


def _image(image: Fields) -> ImageBlock:
    url = image.needed_text("url")
    return ImageBlock(source=_inline(url) or UrlSource(url=url), detail=image.text("detail"))


def _file(part: Fields, mark: CacheMark | None) -> DocumentBlock:
    file = part.needed_fields("file")
    block = DocumentBlock(title=file.text("filename"), cache=mark)
    form: JSONObject = {}
    data = file.text("file_data")
    if data is not None:
        block.source = _inline(data)
        if block.source is None:
            block.source = InlineSource(media_type=_FILE_MEDIA_TYPE, data=data)
            form = {"data": "base64"}
    elif (file_id := file.text("file_id")) is not None:
        block.source = FileSource(vendor="openai", file_id=file_id)
    else:
        raise missing_field(file.at("file_id"))
    block.extensions = extensions(part.left, form)
    return block


def _inline(url: str) -> InlineSource | None:
    """The data of a base64 data URL, split so that joining it gives the same URL again."""
    if not url.startswith("data:"):
        return None
    head, separator, data = url.partition(";base64,")
    media_type = head.removeprefix("data:")
    if not separator or not media_type or "," in media_type:
        return None
    return InlineSource(media_type=media_type, data=data)
