"""The one end of each request that was routed."""

from collections.abc import Callable

from attrs import frozen

from lunaroute_core import ErrorKind, ModelRequest, ModelStream, ProviderError, RequestError
from lunaroute_routing.events import RequestEnded, RequestOutcome, RoutingEvent


@frozen
class RequestLedger:
    """Tells how a request ended, once; a stream's with its last byte."""

    request: ModelRequest
    route: str
    emit: Callable[[RoutingEvent], None]

    def raised(self, error: BaseException) -> None:
        """While there is no answer, an exception is the end."""
        if isinstance(error, ProviderError | RequestError):
            provider = error.provider if isinstance(error, ProviderError) else None
            self._end("failed", provider, error=error.details.kind)
        else:
            self._end("failed" if isinstance(error, Exception) else "cancelled", None)

    def completed(self, provider: str) -> None:
        self._end("completed", provider)

    def follow(self, stream: ModelStream, provider: str) -> None:
        """End when the stream does, in the way it does."""
        stream.on_end.append(lambda ended: self._stream_ended(ended, provider))

    def _stream_ended(self, stream: ModelStream, provider: str) -> None:
        outcome, failure = stream.outcome, stream.failure
        error = failure.details.kind if isinstance(failure, ProviderError) else None
        self._end("cancelled" if outcome in (None, "abandoned") else outcome, provider, error=error)

    def _end(
        self, outcome: RequestOutcome, provider: str | None, *, error: ErrorKind | None = None
    ) -> None:
        context = self.request.context
        self.emit(
            RequestEnded(
                request_id=context.request_id,
                route=self.route,
                provider=provider,
                outcome=outcome,
                attempts=context.attempts,
                error=error,
            )
        )
