"""Sessions that stay where they were sent, as long as tools are called."""

from collections import OrderedDict
from collections.abc import Callable

from attrs import define, field
from msgspec import Struct

from lunaroute_core import InvalidRequestError, ModelRequest, Operation


class Held(Struct, frozen=True, kw_only=True):
    """Where a session is held: a rule by its name, a deployment by its label."""

    rule: str
    deployment: str


class _Hold(Struct, frozen=True):
    held: Held
    until: float


@define(kw_only=True, eq=False)
class HeldRoutes:
    """Remembers where sessions went when their first choice failed.

    A model in the middle of a tool loop has thought there, and has its prompt cached there; so
    the loop's next requests go there too, until the user's next message.

    Attributes:
        clock: monotonic time in seconds.
        max_sessions: beyond these the ones that were asked for longest ago are forgotten.
        seconds: how long a session is held without a request of it.
    """

    clock: Callable[[], float]
    max_sessions: int = 10_000
    seconds: float = 1800.0
    _holds: OrderedDict[str, _Hold] = field(factory=OrderedDict[str, _Hold], init=False)

    def __len__(self) -> int:
        return len(self._holds)

    def hold(self, session_id: str | None, rule: str, deployment: str) -> None:
        """Keep a session where it is now; one without an id cannot be recognized again."""
        if session_id is not None:
            self._keep(session_id, Held(rule=rule, deployment=deployment))

    def of(self, request: ModelRequest) -> Held | None:
        """As `held`, but it leaves everything as it is."""
        hold = self._hold_of(request)
        if hold is None or not self._lasts(hold, request):
            return None
        return hold.held

    def held(self, request: ModelRequest) -> Held | None:
        """Where a request belongs that continues a tool loop; any other ends its session's hold,
        unless it asks for no answer, as a token count does.
        """
        hold, session_id = self._hold_of(request), request.context.session_id
        if hold is None or session_id is None:
            return None
        if not self._lasts(hold, request):
            del self._holds[session_id]
            return None
        self._keep(session_id, hold.held)
        return hold.held

    def _hold_of(self, request: ModelRequest) -> _Hold | None:
        session_id = request.context.session_id
        if session_id is None or request.operation is not Operation.GENERATE:
            return None
        return self._holds.get(session_id)

    def _lasts(self, hold: _Hold, request: ModelRequest) -> bool:
        return self.clock() < hold.until and _continues_tool_loop(request)

    def _keep(self, session_id: str, held: Held) -> None:
        now = self.clock()
        self._holds[session_id] = _Hold(held, now + self.seconds)
        self._holds.move_to_end(session_id)
        # Those that were asked for longest ago come first, and so do those whose time is up.
        while len(self._holds) > self.max_sessions or self._first().until <= now:
            self._holds.popitem(last=False)

    def _first(self) -> _Hold:
        return next(iter(self._holds.values()))


def _continues_tool_loop(request: ModelRequest) -> bool:
    try:
        return request.continues_tool_loop
    except InvalidRequestError:
        return False  # what is wrong with it, the vendor says
