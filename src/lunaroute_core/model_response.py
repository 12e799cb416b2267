"""The answer envelope: one finished answer with a wire view and a normalized view."""

from collections.abc import Sequence

from attrs import define, field
from msgspec import Struct

from lunaroute_core.answer_stages import AnswerStage, staged_response
from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.errors import (
    ErrorDetails,
    ErrorKind,
    UpstreamAnsweredError,
    UpstreamProtocolError,
)
from lunaroute_core.finish_warning import warn_of_unsaid_finish
from lunaroute_core.model import FinishReason, NormalizedResponse
from lunaroute_core.model_request import ModelRequest
from lunaroute_core.wire import WireResponse

_FAILED = ErrorDetails(
    kind=ErrorKind.SERVER, message="the upstream's answer ended in an error that it does not name"
)


class Timings(Struct, kw_only=True):
    """Monotonic times, in seconds, of one upstream call."""

    started: float
    first_byte: float | None = None
    finished: float | None = None


@define(kw_only=True)
class ModelResponse:
    """One finished answer. Construct it with `wire` or with `normalized`.

    Attributes:
        stages: what is done to the normalized view before anybody sees it.
    """

    provider: str
    model: str
    wire: WireResponse | None = None
    summary: AnswerSummary = field(factory=AnswerSummary)
    timings: Timings | None = None
    stages: Sequence[AnswerStage] = ()
    _normalized: NormalizedResponse | None = field(default=None, alias="normalized")

    @property
    def normalized(self) -> NormalizedResponse:
        """The normalized view, decoded on first use.

        Raises:
            UpstreamAnsweredError: the upstream's answer is that it failed.
            UpstreamProtocolError: the upstream's answer cannot be understood.
        """
        if self._normalized is None:
            if self.wire is None:
                raise ValueError("an answer needs a wire or a normalized view")
            self._normalized = self._decoded(self.wire)
        return self._normalized

    def with_normalized(self, normalized: NormalizedResponse) -> "ModelResponse":
        """The same answer with other content."""
        return ModelResponse(
            provider=self.provider,
            model=self.model,
            wire=self.wire,
            summary=self.summary,
            timings=self.timings,
            stages=self.stages,
            normalized=normalized,
        )

    def _decoded(self, wire: WireResponse) -> NormalizedResponse:
        content = wire.body if wire.content is None else wire.content
        try:
            decoded = dialect_named(wire.dialect).responses.decode(content)
        except ValueError as error:
            reason = f"the answer is not {wire.dialect}: {error}"
            raise UpstreamProtocolError(reason, provider=self.provider) from error
        if decoded.finish is not None and decoded.finish.reason is FinishReason.ERROR:
            raise UpstreamAnsweredError(decoded.error or _FAILED, provider=self.provider)
        if not self.stages:
            return decoded
        try:
            return staged_response(decoded, self.stages)
        except ValueError as error:
            raise UpstreamProtocolError(str(error), provider=self.provider) from error

    def wire_for(self, request: ModelRequest) -> WireResponse:
        """The answer as bytes in the dialect of the client that sent `request`.

        That the dialect has no word for why it ended is noted in the request's context.
        """
        dialect = request.context.client_dialect
        if self.wire is not None and self.wire.dialect == dialect and not self.stages:
            return self.wire
        codec, answer = dialect_named(dialect), self.normalized
        if answer.finish is not None and answer.finish.reason in codec.unsaid_finishes:
            warn_of_unsaid_finish(answer.finish.reason, request.context)
        body = codec.responses.encode(answer, request=request.normalized)
        headers = ((b"content-type", b"application/json"),)
        return WireResponse(dialect=dialect, status=200, headers=headers, body=body, content=body)
