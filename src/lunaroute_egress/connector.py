"""The connector: a vendor's HTTP API as a Provider."""

import re
import time
from collections.abc import Coroutine, Sequence
from typing import Any, cast

import msgspec
from aiohttp import ClientResponse, ClientTimeout
from attrs import Factory, define, field
from multidict import CIMultiDict
from yarl import URL

from lunaroute_core import (
    InvalidRequestError,
    ModelRequest,
    ModelResponse,
    ModelStream,
    Operation,
    Timings,
    WireRequest,
    WireStream,
)
from lunaroute_core.answer_stages import AnswerStage
from lunaroute_core.capabilities import Capabilities, Profiles, capabilities_of
from lunaroute_core.client_memo import ClientMemo
from lunaroute_core.content_encoding import MAX_DECODED_BYTES
from lunaroute_core.credential_headers import has_credential
from lunaroute_core.deadlines import Deadlines
from lunaroute_core.dialects.codec import AnswerSummary, BodyEdits
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.headers import Headers
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.servers import server_at
from lunaroute_core.token_count_answer import estimated_count
from lunaroute_egress.credentials import KeyRing, client_credentials
from lunaroute_egress.endpoints import Endpoint, needs_credentials, trusts_client_credentials
from lunaroute_egress.http_client import HttpClient
from lunaroute_egress.lacking import lacking_capability
from lunaroute_egress.learned_capabilities import LearnedCapabilities
from lunaroute_egress.model_list_request import model_list_request, own_list
from lunaroute_egress.model_names import ModelNames
from lunaroute_egress.templates import Templates
from lunaroute_egress.translated_request import translated
from lunaroute_egress.upstream_answer import (
    answer_headers,
    expect_event_stream,
    refusal,
    stream_decoder,
    summary_of,
    whole_answer,
    without_encoding,
)
from lunaroute_egress.upstream_call import UpstreamCall
from lunaroute_egress.upstream_headers import upstream_headers


@define(kw_only=True)
class Connector:
    """Sends requests to one upstream.

    A request in a dialect that the upstream speaks is forwarded as it is: same bytes, same
    end-to-end headers, same query string, unless the configuration says otherwise. Any other
    is translated to the first dialect that it speaks.

    Attributes:
        name: the provider's name.
        endpoint: the vendor's address.
        dialects: the wire dialects the upstream speaks, best first.
        http: the pooled client, opened and closed by whoever made it.
        keys: the provider's own keys; without any, the client's own credential is used.
        forward_client_credentials: whether a client's own credential may go to this
            upstream; by default only to the vendor itself and to this machine.
        headers: headers to set, `${…}` templates allowed.
        edits: changes to every request's body, `${…}` templates allowed.
        models: public model names and the upstream's.
        templates: what templates may refer to.
        strict: whether a request that another dialect cannot wholly express is refused.
        server: the kind of server, by its name in the dialect's list, where its address does
            not say.
        learn: whether to ask the upstream what its models accept before translating for it;
            that is done with its own keys only. Lists of models that clients ask for are
            read in any case.
        profiles: what the operator knows of the upstream's models.
    """

    name: str
    endpoint: Endpoint
    dialects: tuple[str, ...]
    http: HttpClient
    keys: KeyRing = field(factory=KeyRing)
    forward_client_credentials: bool = Factory(
        lambda self: trusts_client_credentials(self.endpoint), takes_self=True
    )
    deadlines: Deadlines = field(factory=Deadlines)
    headers: dict[str, str] = field(factory=dict[str, str])
    edits: BodyEdits = field(factory=BodyEdits)
    models: ModelNames = field(factory=ModelNames)
    templates: Templates = Factory(lambda self: Templates(provider=self.name), takes_self=True)
    strict: bool = False
    server: str | None = None
    learn: bool = False
    profiles: Profiles = field(factory=dict[str, dict[str, Any]])
    _learned: LearnedCapabilities = field(
        init=False,
        default=Factory(
            lambda self: LearnedCapabilities(
                ask=self._ask_for_models if self.learn and self.keys else None
            ),
            takes_self=True,
        ),
    )
    _has_own_key: bool = field(
        init=False,
        default=Factory(
            lambda self: bool(self.keys) or has_credential(_names(self.headers)), takes_self=True
        ),
    )
    _needs_key: bool = field(
        init=False,
        default=Factory(lambda self: needs_credentials(self.endpoint), takes_self=True),
    )
    _server: URL = field(
        init=False, default=Factory(lambda self: URL(self.endpoint.base_url), takes_self=True)
    )
    _timeout: ClientTimeout = field(
        init=False,
        default=Factory(
            lambda self: ClientTimeout(connect=self.deadlines.connect), takes_self=True
        ),
    )
    _edited: bool = field(
        init=False, default=Factory(lambda self: self.edits != BodyEdits(), takes_self=True)
    )
    _required: Headers = field(
        init=False,
        default=Factory(lambda self: self.endpoint.required_headers(), takes_self=True),
    )
    _urls: ClientMemo[tuple[str, str, bytes], URL] = field(
        factory=ClientMemo[tuple[str, str, bytes], URL], init=False
    )
    _known: ClientMemo[tuple[str, str], Capabilities] = field(
        factory=ClientMemo[tuple[str, str], Capabilities], init=False
    )

    async def send(self, request: ModelRequest) -> ModelResponse:
        """Raises RequestError for what cannot be sent, ProviderError for what went wrong."""
        speaks = request.wire_dialect in self.dialects
        if not speaks and request.operation is Operation.COUNT_TOKENS:
            return self._estimate(request)
        request, wire, stages = await self._for_upstream(request, speaks=speaks)
        timings = Timings(started=time.monotonic())
        call, sending = self._call(request, wire, stream=False)
        response = await call.open(sending)
        timings.first_byte = time.monotonic()
        try:
            raw = await call.read_all(limit=MAX_DECODED_BYTES)
        finally:
            call.close()
        timings.finished = time.monotonic()
        answer = whole_answer(wire, response, raw, provider=self.name)
        if not 200 <= answer.status < 300:
            raise refusal(answer, provider=self.name, own_key=self._has_own_key)
        if request.operation is Operation.LIST_MODELS:
            self._learned.read(answer)
            self._known.clear()
        given = ModelResponse(
            provider=self.name,
            model=request.model,
            wire=answer,
            timings=timings,
            stages=stages or (),
        )
        if stages is not None:
            given.summary = AnswerSummary.of(given.normalized)
        elif request.operation is Operation.GENERATE:
            given.summary = summary_of(answer, provider=self.name)
        return given

    async def stream(self, request: ModelRequest) -> ModelStream:
        """Raises RequestError for what cannot be sent, ProviderError for what went wrong."""
        speaks = request.wire_dialect in self.dialects
        request, wire, stages = await self._for_upstream(request, speaks=speaks)
        timings = Timings(started=time.monotonic())
        call, sending = self._call(request, wire, stream=True)
        await call.open(sending)
        timings.first_byte = time.monotonic()
        try:
            stream = await self._wire_stream(request, wire, call)
        except BaseException:
            call.close()
            raise
        return ModelStream(
            provider=self.name, model=request.model, wire=stream, timings=timings, stages=stages
        )

    def lacks(self, request: ModelRequest) -> str | None:
        """Why a request cannot be served: it has no key to go with, or the model is known not to
        take what it holds. None as far as nothing speaks against it.
        """
        if self._needs_key and not self._has_own_key and not self._credentials(request):
            return "no key: the provider has none of its own, and the client's does not go there"
        if request.operation is not Operation.GENERATE or not request.model:
            return None
        model = self.models.upstream(request.model)
        return lacking_capability(request, self.capabilities(model, self._dialect_for(request)))

    async def _for_upstream(
        self, request: ModelRequest, *, speaks: bool
    ) -> tuple[ModelRequest, WireRequest, Sequence[AnswerStage] | None]:
        """The request by the upstream's name for the model; what is sent for it, with the
        operator's edits in it; and what is to be done to the answer, None for one that need not
        be translated back.
        """
        if request.operation is Operation.FORWARD or not request.model:
            return request, self._wire(request), None
        model = self.models.upstream(request.model)
        if model != request.model:
            request = request.with_model(model)
        stages: Sequence[AnswerStage] | None = None
        if not speaks and request.operation is Operation.GENERATE:
            if self.learn:
                await self._learned.refresh()
            dialect = self._dialect_for(request)
            wire, stages = translated(
                request,
                dialect=dialect,
                strict=self.strict,
                capabilities=self.capabilities(model, dialect),
            )
        else:
            wire = self._wire(request)
        if self._edited and request.operation is not Operation.LIST_MODELS:
            edits = self._rendered(self.edits, request)
            edited = dialect_named(wire.dialect).requests.edit(wire.body, edits)
            wire = msgspec.structs.replace(wire, body=edited)
        return request, wire, stages

    def capabilities(self, model: str, dialect: str) -> Capabilities:
        """What is known of a model, by the upstream's name for it."""
        known = self._known.get((dialect, model))
        if known is None:
            known = capabilities_of(
                dialect,
                model,
                server=server_at(dialect, self.endpoint.base_url, name=self.server),
                stated=self._learned.of(model),
                own=self.profiles,
            )
            self._known.keep((dialect, model), known, length=len(model))
        return known

    def _dialect_for(self, request: ModelRequest) -> str:
        """The client's own dialect if the upstream speaks it, else its best."""
        client = request.context.client_dialect
        return client if client in self.dialects else self.dialects[0]

    def _wire(self, request: ModelRequest) -> WireRequest:
        wire = request.wire
        if wire is not None and wire.dialect in self.dialects:
            return wire
        if wire is not None and request.operation is Operation.LIST_MODELS:
            return own_list(wire, self.dialects[0], self._required)
        if wire is None:
            raise ValueError("the request has no wire view")
        return wire

    def _estimate(self, request: ModelRequest) -> ModelResponse:
        """A token count for a client whose vendor's endpoint this upstream has not."""
        answer = estimated_count(request, provider=self.name)
        if answer is None:
            raise InvalidRequestError(f"{request.context.client_dialect} counts no tokens")
        return answer

    async def _ask_for_models(self) -> None:
        """The answer is read as any list of models that passes by is."""
        await self.send(model_list_request(self.dialects[0], self._required))

    def _call(
        self, request: ModelRequest, wire: WireRequest, *, stream: bool
    ) -> tuple[UpstreamCall, Coroutine[None, None, ClientResponse]]:
        """A call and what opens it: sending the request."""
        request.context.attempts += 1
        deadlines, timeout = self.deadlines, self._timeout
        if request.context.deadlines is not None:
            deadlines = deadlines.overridden(request.context.deadlines)
            timeout = ClientTimeout(connect=deadlines.connect)
        sending = self.http.request(
            wire.method,
            self._url(request, wire),
            server=self._server,
            headers=self._headers(request, wire, stream=stream),
            body=wire.body,
            deadline=timeout,
        )
        call = UpstreamCall(provider=self.name, deadlines=deadlines, watch=self.http.watch)
        return call, sending

    def _url(self, request: ModelRequest, wire: WireRequest) -> URL:
        key = (request.model, wire.path, wire.query)
        url = self._urls.get(key)
        if url is None:
            query = wire.query.decode("latin-1")
            text = self.endpoint.url(wire.path, model=request.model, query=query)
            url = self._urls.keep(key, URL(text, encoded=True), length=len(text))
        return url

    def _headers(
        self, request: ModelRequest, wire: WireRequest, *, stream: bool
    ) -> CIMultiDict[str]:
        extra: list[tuple[bytes, bytes]] = []
        for name, value in self.headers.items():
            text = self.templates.render(value, request)
            if text != value and _CONTROL.search(text) and _CONTROL.search(request.model):
                raise InvalidRequestError(f"model: no text for the header {name}", param="model")
            extra.append((name.lower().encode(), text.encode()))
        if request.context.traceparent is not None:
            extra.append((b"traceparent", request.context.traceparent.encode()))
        return upstream_headers(
            wire.headers,
            host=self._server.host_port_subcomponent or "",
            credentials=self._credentials(request),
            required=self._required if wire.body else (),
            extra=extra,
            stream=stream and request.operation is Operation.GENERATE,
        )

    def _credentials(self, request: ModelRequest) -> Headers:
        key = self.keys.next()
        if key is not None:
            return (self.endpoint.key_header(key),)
        if self.forward_client_credentials:
            return client_credentials(request, vendor=self.endpoint.vendor)
        return ()

    def _rendered(self, edits: BodyEdits, request: ModelRequest) -> BodyEdits:
        def render(value: JSONValue) -> JSONValue:
            return self.templates.render_json(value, request)

        return BodyEdits(
            defaults=cast(JSONObject, render(edits.defaults)),
            overrides=cast(JSONObject, render(edits.overrides)),
            prepend_messages=cast(list[JSONObject], render([*edits.prepend_messages])),
        )

    async def _wire_stream(
        self, request: ModelRequest, wire: WireRequest, call: UpstreamCall
    ) -> WireStream:
        response = call.response
        headers = answer_headers(response)
        if request.operation is Operation.FORWARD:
            return WireStream(dialect=None, source=call, status=response.status, headers=headers)
        if not 200 <= response.status < 300:
            raw = await call.read_all(limit=MAX_DECODED_BYTES)
            answer = whole_answer(wire, response, raw, provider=self.name)
            raise refusal(answer, provider=self.name, own_key=self._has_own_key)
        expect_event_stream(headers, provider=self.name)
        call.decoder = stream_decoder(response, provider=self.name)
        return WireStream(
            dialect=wire.dialect,
            source=call,
            status=response.status,
            headers=without_encoding(headers),
        )


_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What a header cannot hold (RFC 9110 section 5.5)."""


def _names(headers: dict[str, str]) -> Headers:
    return tuple((name.lower().encode(), b"") for name in headers)
