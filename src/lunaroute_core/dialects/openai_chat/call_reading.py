"""The calls of a stream, of which several may be written at once."""

from collections.abc import Iterator
from typing import Literal

from attrs import define, field
from msgspec import UNSET

from lunaroute_core.dialects.openai_chat.answer_decoding import arguments_of, call_of, text_of
from lunaroute_core.dialects.openai_chat.arguments import parsed_arguments
from lunaroute_core.dialects.openai_chat.block_numbers import BlockNumbers
from lunaroute_core.dialects.openai_chat.identity import call_id
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import ArgumentsDelta, BlockEnd, BlockStart, StreamEvent, ToolCallBlock


@define(kw_only=True)
class _Call:
    """One call. It is opened once its name is known; `index` is its block's then."""

    place: int
    id: str = ""
    name: str = ""
    custom: bool = False
    index: int | None = None
    closed: bool = False
    fragments: list[str] = field(factory=list[str])

    @property
    def is_whole(self) -> bool:
        """Whether its arguments are JSON already, so that nothing can follow."""
        raw = "".join(self.fragments)
        return not self.custom and raw.rstrip().endswith("}") and parsed_arguments(raw) is not UNSET


@define(kw_only=True)
class CallReader:
    """Tells the calls apart by their index, or where a server gives none by their ids.

    Servers exist that give every call the index 0, that repeat id and name in each fragment,
    and that give no ids at all.
    """

    numbers: BlockNumbers
    answer_id: str
    _calls: list[_Call] = field(factory=list[_Call], init=False)
    _unended: list[_Call] = field(factory=list[_Call], init=False)
    _by_index: dict[int, _Call] = field(factory=dict[int, _Call], init=False)
    _by_id: dict[str, _Call] = field(factory=dict[str, _Call], init=False)

    def read(self, entry: JSONObject) -> Iterator[StreamEvent]:
        """One fragment.

        Raises:
            ValueError: it continues a call whose arguments were whole.
        """
        custom, body = call_of(entry)
        known = len(self._calls)
        call = self._call(entry, body)
        if len(self._calls) > known:
            yield from self._close_whole(known - 1)
        call.custom = call.custom or custom
        call.id = call.id or text_of(entry, "id")
        self._by_id[call.id] = call
        call.name = call.name or text_of(body, "name")
        yield from self._write(call, arguments_of(body))

    def end(self) -> Iterator[StreamEvent]:
        """Close the calls that are still open.

        Raises:
            ValueError: one never said what is called.
        """
        for call in self._unended:
            if call.index is None:
                raise ValueError("a call without a name")
            if not call.closed:
                yield self._closed(call, call.index)
        self._unended.clear()

    def _call(self, entry: JSONObject, body: JSONObject) -> _Call:
        """The call that a fragment is of, a new one if it is of none before."""
        given, call_id_given = entry.get("index"), text_of(entry, "id")
        index = given if isinstance(given, int) else None
        call = self._by_index.get(index) if index is not None else self._unnumbered(call_id_given)
        if call is not None and call_id_given and call.id not in ("", call_id_given):
            call = call if not text_of(body, "name") else None
        if call is None:
            call = _Call(place=len(self._calls))
            self._calls.append(call)
            self._unended.append(call)
        if index is not None:
            self._by_index[index] = call
        return call

    def _unnumbered(self, given_id: str) -> _Call | None:
        """The call with this id, else, where none is given, the last one."""
        if not given_id:
            return self._calls[-1] if self._calls else None
        return self._by_id.get(given_id)

    def _write(self, call: _Call, fragment: str) -> Iterator[StreamEvent]:
        if call.closed:
            if fragment.strip():
                raise ValueError("a call goes on after its arguments were whole")
            return
        if call.index is None and call.name:
            yield self._opened(call)
            # What came before the name waits no longer.
            fragment = "".join(call.fragments) + fragment
            call.fragments.clear()
        if fragment:
            call.fragments.append(fragment)
            if call.index is not None:
                yield ArgumentsDelta(index=call.index, fragment=fragment)

    def _opened(self, call: _Call) -> StreamEvent:
        call.index = self.numbers.next()
        kind: Literal["custom", "function"] = "custom" if call.custom else "function"
        block = ToolCallBlock(
            id=call.id or call_id(self.answer_id, place=call.place),
            name=call.name,
            tool_kind=kind,
        )
        return BlockStart(index=call.index, block=block)

    def _close_whole(self, at: int) -> Iterator[StreamEvent]:
        """Close a call that is whole when the next begins, so that nothing has to wait for it."""
        if at >= 0:
            call = self._calls[at]
            if call.index is not None and not call.closed and call.is_whole:
                yield self._closed(call, call.index)

    def _closed(self, call: _Call, index: int) -> StreamEvent:
        call.closed = True
        return BlockEnd(index=index)
