"""The errors a simulated model raises on demand."""

from attrs import frozen

from lunaroute_core.errors import (
    KINDS_BY_STATUS,
    ErrorDetails,
    ErrorKind,
    ProviderError,
    UpstreamAnsweredError,
    UpstreamProtocolError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)

ERROR_PREFIX = "error-"

_KINDS_BY_NAME = {kind.value: kind for kind in ErrorKind}
_WAITING_HELPS = frozenset({ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED})


@frozen(kw_only=True)
class Failures:
    """Makes one provider's errors. `retry_after` is in seconds."""

    provider: str
    retry_after: float | None

    def of_status(self, status: int, *, request_id: str) -> ProviderError:
        other = ErrorKind.INVALID_REQUEST if status < 500 else ErrorKind.SERVER
        return self._answered(
            KINDS_BY_STATUS.get(status, other), request_id=request_id, status=status
        )

    def of_kind(self, kind: ErrorKind, *, request_id: str) -> ProviderError:
        match kind:
            case ErrorKind.UNAVAILABLE:
                return UpstreamUnavailableError("simulated lost upstream", provider=self.provider)
            case ErrorKind.TIMEOUT:
                return UpstreamTimeoutError(phase="first_byte", seconds=0, provider=self.provider)
            case ErrorKind.PROTOCOL:
                return UpstreamProtocolError("simulated nonsense", provider=self.provider)
            case _:
                return self._answered(kind, request_id=request_id, status=None)

    def of_model(self, model: str, *, request_id: str) -> ProviderError | None:
        """What a model such as `error-429` or `error-rate_limit` raises; None for another."""
        word = model.removeprefix(ERROR_PREFIX)
        if word == model:
            return None
        if word.isascii() and word.isdecimal() and 400 <= int(word) <= 599:
            return self.of_status(int(word), request_id=request_id)
        kind = _KINDS_BY_NAME.get(word.replace("-", "_"))
        return None if kind is None else self.of_kind(kind, request_id=request_id)

    def not_found(self, message: str, *, param: str | None = "model") -> ProviderError:
        details = ErrorDetails(kind=ErrorKind.NOT_FOUND, message=message, status=404, param=param)
        return UpstreamAnsweredError(details, provider=self.provider)

    def _answered(
        self, kind: ErrorKind, *, request_id: str, status: int | None
    ) -> UpstreamAnsweredError:
        word = kind.value.replace("_", " ")
        details = ErrorDetails(
            kind=kind,
            message=f"simulated error {status}: {word}" if status else f"simulated error: {word}",
            status=status,
            retry_after=self.retry_after if kind in _WAITING_HELPS else None,
            request_id=request_id,
        )
        return UpstreamAnsweredError(details, provider=self.provider)
