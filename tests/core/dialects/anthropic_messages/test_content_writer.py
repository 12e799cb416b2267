import pytest

from lunaroute_core.dialects.anthropic_messages.content_writer import write_request_block
from lunaroute_core.model import (
    AudioBlock,
    CacheMark,
    Citation,
    FileSource,
    ImageBlock,
    RefusalBlock,
    TextBlock,
    ToolCallBlock,
)


def test_a_mark_is_written_with_its_life():
    marked = write_request_block(TextBlock(text="x", cache=CacheMark(ttl="1h")))
    assert marked["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert write_request_block(TextBlock(text="x", cache=CacheMark()))["cache_control"] == {
        "type": "ephemeral"
    }


def test_blocks_that_were_not_read_here_are_written_too():
    assert write_request_block(RefusalBlock(text="No.")) == {"type": "text", "text": "No."}
    image = ImageBlock(source=FileSource(vendor="anthropic", file_id="f"))
    assert write_request_block(image)["source"] == {"type": "file", "file_id": "f"}
    call = ToolCallBlock(id="1", name="f", raw_arguments='{"a"')
    assert write_request_block(call)["input"] == {"a": None, "_raw_arguments": '{"a"'}


def test_citations_of_others_are_left_out():
    text = TextBlock(text="x", citations=[Citation(dialect="openai_chat", raw={"a": 1})])
    assert write_request_block(text) == {"type": "text", "text": "x"}


def test_there_is_no_audio():
    with pytest.raises(TypeError, match="no audio"):
        write_request_block(AudioBlock(data="AAAA"))
