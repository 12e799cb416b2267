"""Message content: a string, or an array of parts."""

from lunaroute_core.dialects.openai_chat.extensions import DIALECT, extensions
from lunaroute_core.dialects.openai_chat.fields import Fields
from lunaroute_core.dialects.request_json import check_bytes, missing_field
from lunaroute_core.errors import InvalidRequestError
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

_FILE_MEDIA_TYPE = "application/pdf"
"""Bare base64 names no type; PDF is the only one Chat documents for `file_data`."""


def decode_content(
    message: Fields, *, max_bytes: int | None, needed: bool
) -> tuple[list[Block], JSONObject]:
    """The blocks of `content`, and the form it had.

    Raises:
        InvalidRequestError: absent though needed, malformed, or a text over `max_bytes`.
    """
    path = message.at("content")
    content = message.take("content")
    if isinstance(content, str):
        check_bytes(content, max_bytes, param=path)
        return [TextBlock(text=content)], {}
    if isinstance(content, list):
        blocks = [
            _decode_part(part, path=f"{path}[{at}]", max_bytes=max_bytes)
            for at, part in enumerate(content)
        ]
        return blocks, {"content": "parts"}
    if content is not None:
        raise InvalidRequestError(f"{path}: must be a string or an array", param=path)
    if needed:
        raise missing_field(path)
    return [], {}


def _decode_part(value: JSONValue, *, path: str, max_bytes: int | None) -> Block:
    part = Fields.of(value, path=path)
    kind = part.needed_text("type")
    mark = _cache_mark(part)
    match kind:
        case "text":
            block = TextBlock(text=part.needed_text("text"))
            check_bytes(block.text, max_bytes, param=part.at("text"))
        case "refusal":
            block = RefusalBlock(text=part.needed_text("refusal"))
            check_bytes(block.text, max_bytes, param=part.at("refusal"))
        case "image_url":
            block = _image(part.needed_fields("image_url"))
        case "input_audio":
            audio = part.needed_fields("input_audio")
            block = AudioBlock(data=audio.needed_text("data"), format=audio.text("format"))
        case "file":
            return _file(part, mark)
        case _:
            raw = dict(value) if isinstance(value, dict) else {}
            return OpaqueBlock(dialect=DIALECT, type=kind, raw=raw)
    block.cache = mark
    block.extensions = extensions(part.left)
    return block


def _cache_mark(part: Fields) -> CacheMark | None:
    """`prompt_cache_breakpoint`; a form this version does not know is left where it is."""
    match part.peek("prompt_cache_breakpoint"):
        case {"mode": "explicit", "ttl": ("30m" | "12h") as ttl, **rest} if not rest:
            part.take("prompt_cache_breakpoint")
            return CacheMark(ttl="30m" if ttl == "30m" else "12h")
        case {"mode": "explicit", **rest} if not rest:
            part.take("prompt_cache_breakpoint")
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
