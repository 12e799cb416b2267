"""Reading and deleting answers that are kept here."""

from attrs import define, frozen

from lunaroute_core import (
    ErrorDetails,
    ErrorKind,
    ModelRequest,
    ModelResponse,
    ModelStream,
    Operation,
    Provider,
    RequestError,
    StateStoreError,
    WireRequest,
    WireStream,
)
from lunaroute_core.dialects.codec import StoredAnswerCodec
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_egress.conversation.stored_responses import StoredResponses

_JSON = ((b"content-type", b"application/json"),)


@define(kw_only=True)
class StoredAnswersDesk:
    """A Provider around another: answers what is asked about an answer that is kept here, as
    its vendor would. Whatever is not kept may be the vendor's, so the other is asked.
    """

    provider: Provider
    stored: StoredResponses

    @property
    def name(self) -> str:
        return self.provider.name

    async def send(self, request: ModelRequest) -> ModelResponse:
        """Raises RequestError or ProviderError."""
        return await self.provider.send(request)

    async def stream(self, request: ModelRequest) -> ModelStream:
        """Raises RequestError or ProviderError."""
        body = await self._body(request)
        if body is None:
            return await self.provider.stream(request)
        wire = WireStream(dialect=None, source=_Bytes(body), headers=_JSON)
        return ModelStream(provider=self.name, model=request.model, wire=wire)

    async def _body(self, request: ModelRequest) -> bytes | None:
        """What to answer; None where that is the other's to say.

        Raises:
            RequestError: the answer is kept, but could not be deleted.
        """
        if request.operation is not Operation.FORWARD or request.wire is None:
            return None
        named = _named(request.wire)
        if named is None:
            return None
        tenant = self.stored.tenants.of(request.headers)
        if request.wire.method == "DELETE":
            return await self._deleted(tenant, named)
        kept = await self.stored.get(tenant, named.id)
        if kept is None:
            return None
        return named.dialect.responses.encode(kept.answer, request=kept.request)

    async def _deleted(self, tenant: str, named: "_Named") -> bytes | None:
        try:
            deleted = await self.stored.delete(tenant, named.id, named.codec)
        except StateStoreError as error:
            message = "the answer could not be deleted"
            raise RequestError(ErrorDetails(kind=ErrorKind.SERVER, message=message)) from error
        return named.codec.encode_deleted(named.id) if deleted else None


@frozen(kw_only=True)
class _Named:
    """An answer that a path names."""

    id: str
    dialect: Dialect
    codec: StoredAnswerCodec


def _named(wire: WireRequest) -> _Named | None:
    """What a request reads or deletes. Its dialect is no more than its vendor's first one."""
    if wire.method not in ("GET", "DELETE"):
        return None
    for dialect in DIALECTS.values():
        codec = dialect.stored_answers
        if codec is not None and wire.path.startswith(codec.path):
            answer_id = wire.path.removeprefix(codec.path)
            if answer_id and "/" not in answer_id:
                return _Named(id=answer_id, dialect=dialect, codec=codec)
    return None


@define
class _Bytes:
    """A `ByteSource` of what is in memory."""

    _rest: bytes

    async def read(self) -> bytes:
        chunk, self._rest = self._rest, b""
        return chunk

    async def aclose(self) -> None:
        """There is nothing to release."""
