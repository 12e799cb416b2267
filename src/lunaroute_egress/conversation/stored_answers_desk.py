"""Reading and deleting answers that are kept here."""

from attrs import define

from lunaroute_core import (
    ModelRequest,
    ModelResponse,
    ModelStream,
    Operation,
    Provider,
    WireRequest,
    WireStream,
)
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_egress.conversation.stored_responses import StoredResponses
from lunaroute_egress.conversation.tenant import TenantNames

_JSON = ((b"content-type", b"application/json"),)


@define(kw_only=True)
class StoredAnswersDesk:
    """A Provider around another: answers what is asked about an answer that is kept here, as
    its vendor would. Whatever is not kept may be the vendor's, so the other is asked.
    """

    provider: Provider
    stored: StoredResponses
    tenants: TenantNames

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
        if request.operation is not Operation.FORWARD or request.wire is None:
            return None
        dialect = dialect_named(request.wire.dialect)
        answer_id = _answer_id(request.wire, dialect)
        if answer_id is None:
            return None
        tenant = self.tenants.of(request.headers)
        if request.wire.method == "DELETE":
            return await self._deleted(tenant, answer_id, dialect)
        kept = await self.stored.get(tenant, answer_id)
        return None if kept is None else dialect.responses.encode(kept.answer, request=kept.request)

    async def _deleted(self, tenant: str, answer_id: str, dialect: Dialect) -> bytes | None:
        codec = dialect.stored_answers
        if codec is None or not await self.stored.delete(tenant, answer_id, codec):
            return None
        return codec.encode_deleted(answer_id)


def _answer_id(wire: WireRequest, dialect: Dialect) -> str | None:
    """The id in the path of a request that reads or deletes an answer."""
    codec = dialect.stored_answers
    if codec is None or wire.method not in ("GET", "DELETE"):
        return None
    answer_id = wire.path.removeprefix(codec.path)
    return None if answer_id == wire.path or "/" in answer_id or not answer_id else answer_id


@define
class _Bytes:
    """A `ByteSource` of what is in memory."""

    _rest: bytes

    async def read(self) -> bytes:
        chunk, self._rest = self._rest, b""
        return chunk

    async def aclose(self) -> None:
        """There is nothing to release."""
