"""Conversations kept whole around one provider."""

from collections.abc import Callable, Iterable, Sequence

from attrs import Factory, define, field, frozen
from msgspec import Struct

from lunaroute_core import (
    InvalidRequestError,
    LimitedProvider,
    ModelRequest,
    ModelResponse,
    ModelStream,
    Operation,
    Provider,
)
from lunaroute_core.answer_accumulator import AnswerAccumulator
from lunaroute_core.answer_stages import AnswerStage, staged_response
from lunaroute_core.byte_search import ByteSearch
from lunaroute_core.client_memo import ClientMemo
from lunaroute_core.conversation_memory import ConversationMemory
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.model import NormalizedRequest, NormalizedResponse, Origin, StreamEvent
from lunaroute_core.translation import Translation
from lunaroute_egress.conversation.reasoning_seal import MARK, ReasoningSeal
from lunaroute_egress.conversation.reasoning_vault import ReasoningVault
from lunaroute_egress.conversation.returned_reasoning import ReturnedReasoning, has_reasoning
from lunaroute_egress.conversation.sealed_answer import SealedAnswer
from lunaroute_egress.conversation.stored_responses import StoredResponses

_MARK = ByteSearch(MARK.encode())


@define(kw_only=True)
class ConversationLayer:
    """A Provider around another: what a conversation in translation needs to go on.

    A request is completed by what is remembered, and its reasoning opened; an answer's
    reasoning is sealed, and what a client may leave out next time remembered, before the
    client hears that the answer is finished. A request in a dialect that the provider speaks
    passes through as it is, unless it holds reasoning that was sealed here.

    Attributes:
        provider: asked with the completed request.
        dialects: those it speaks, best first.
        seal: None where clients are not given other dialects' reasoning to bring back.
        vault: None where what they do not bring back is lost.
        stored: None where requests cannot name earlier answers.
        upstream_model: under which name the provider's upstream knows a model.
        strict: whether reasoning that cannot be sent is an error.
    """

    provider: Provider
    dialects: Sequence[str]
    seal: ReasoningSeal | None = None
    vault: ReasoningVault | None = None
    stored: StoredResponses | None = None
    upstream_model: Callable[[str], str] = str
    strict: bool = False
    _partners: "ClientMemo[str, _Partner]" = field(factory=ClientMemo[str, "_Partner"], init=False)
    _limited: LimitedProvider | None = field(
        init=False,
        default=Factory(
            lambda self: self.provider if isinstance(self.provider, LimitedProvider) else None,
            takes_self=True,
        ),
    )

    @property
    def name(self) -> str:
        return self.provider.name

    def lacks(self, request: ModelRequest) -> str | None:
        """What the provider says, if it says anything."""
        return None if self._limited is None else self._limited.lacks(request)

    async def send(self, request: ModelRequest) -> ModelResponse:
        """Raises RequestError or ProviderError."""
        if self._passes(request):
            return await self.provider.send(self._passed(request))
        turn = await self._turn(request)
        response = await self.provider.send(turn.asked)
        given = response.normalized
        answer = staged_response(given, turn.stages)
        await turn.finished(answer)
        return response if answer is given else response.with_normalized(answer)

    async def stream(self, request: ModelRequest) -> ModelStream:
        """Raises RequestError or ProviderError."""
        if self._passes(request):
            return await self.provider.stream(self._passed(request))
        turn = await self._turn(request)
        stream = await self.provider.stream(turn.asked)
        turn.attend(stream)
        return stream

    def _passes(self, request: ModelRequest) -> bool:
        generates = request.operation is Operation.GENERATE
        return not generates or request.context.client_dialect in self.dialects

    def _passed(self, request: ModelRequest) -> ModelRequest:
        """A request for an upstream that speaks its dialect."""
        if request.operation is not Operation.GENERATE or self.seal is None:
            return request
        wire = request.wire
        if wire is not None and not _MARK.found_in(wire.body):
            return request
        try:
            normalized = request.normalized
        except InvalidRequestError:
            # Perhaps it only speaks of seals, and its vendor knows what is not known here.
            return request
        returned = ReturnedReasoning(seal=self.seal, origin=self._partner(request).origin)
        asked = returned.without_others(normalized, self._translation(request))
        return request if asked is normalized else request.with_normalized(asked)

    async def _turn(self, request: ModelRequest) -> "_Turn":
        context = request.context
        partner = self._partner(request)
        stages: list[AnswerStage] = []
        given = completed = request.normalized
        for memory in partner.memories:
            completed = await memory.recall(completed, request)
        if self.stored is not None and (promise := self.stored.promise(completed, context)):
            stages.append(promise)
        asked = completed
        if self.seal is not None:
            if has_reasoning(completed):
                returned = ReturnedReasoning(seal=self.seal, origin=partner.origin)
                asked = returned.opened(completed, self._translation(request))
            stages.append(SealedAnswer(seal=self.seal, origin=partner.origin))
        return _Turn(
            request=completed,
            asked=request if asked is given else request.with_normalized(asked),
            stages=stages,
            memories=partner.memories,
        )

    def _partner(self, request: ModelRequest) -> "_Partner":
        partner = self._partners.get(request.model)
        if partner is None:
            origin = self._origin(request)
            partner = _Partner(origin=origin, memories=self._memories(origin))
            self._partners.keep(request.model, partner, length=len(request.model))
        return partner

    def _memories(self, origin: Origin) -> list[ConversationMemory]:
        """In the order in which they complete a request."""
        memories: list[ConversationMemory] = []
        if self.stored is not None:
            memories.append(self.stored)
        if self.vault is not None:
            memories.append(self.vault.shelf(origin))
        return memories

    def _origin(self, request: ModelRequest) -> Origin:
        """Whose reasoning an answer to the request holds."""
        dialect = dialect_named(self.dialects[0])
        return Origin(
            dialect=dialect.name,
            vendor=dialect.vendor.name,
            account=self.provider.name,
            model=self.upstream_model(request.model),
        )

    def _translation(self, request: ModelRequest) -> Translation:
        return Translation(strict=self.strict, warnings=request.context.warnings)


@frozen(kw_only=True)
class _Partner:
    """The model that a conversation is with.

    Attributes:
        origin: of the reasoning that its answers hold.
        memories: of its conversations, in the order in which they complete a request.
    """

    origin: Origin
    memories: Sequence[ConversationMemory]


class _Turn(Struct, kw_only=True):
    """One request and its answer.

    Attributes:
        request: the completed one, its reasoning as the client has it.
        asked: what the provider is asked.
        stages: what is done to the answer.
        memories: which may remember it.
    """

    request: NormalizedRequest
    asked: ModelRequest
    stages: Sequence[AnswerStage]
    memories: Sequence[ConversationMemory]

    async def finished(self, answer: NormalizedResponse) -> None:
        """Remember the answer, before its client hears of its end and may go on from it."""
        for memory in self.memories:
            await memory.remember(self.request, answer, self.asked)

    def attend(self, stream: ModelStream) -> None:
        """Have it all done to a stream that has not been entered."""
        stages = [*(stream.stages or ()), *self.stages]
        if self.memories:
            gathered = _GatheredAnswer()
            stages.append(gathered)
            before = stream.before_finish

            async def remember() -> None:
                if before is not None:
                    await before()
                await self.finished(gathered.answer)

            stream.before_finish = remember
        stream.stages = stages


@define
class _GatheredAnswer:
    """An `AnswerStage` that only looks on; `answer` is a streamed answer so far."""

    _events: AnswerAccumulator = field(factory=AnswerAccumulator, init=False)

    @property
    def answer(self) -> NormalizedResponse:
        return self._events.response

    def response(self, response: NormalizedResponse) -> NormalizedResponse:
        return response

    def events(self, event: StreamEvent) -> Iterable[StreamEvent]:
        self._events.add(event)
        return (event,)
