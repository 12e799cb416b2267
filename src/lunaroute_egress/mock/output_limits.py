"""Ends an answer where the request wants it ended: at a stop sequence, at a token count."""

from lunaroute_core.model import Finish, FinishReason, NormalizedRequest, TextBlock
from lunaroute_egress.mock.answers import Answer
from lunaroute_egress.mock.written_block import pieces_of, unfinished


def limited(answer: Answer, request: NormalizedRequest) -> Answer:
    """The answer as far as the request's stop sequences and output limit allow."""
    stopped = _stopped(answer, request.sampling.stop or [])
    maximum = request.limits.max_output_tokens
    return stopped if maximum is None else _shortened(stopped, maximum)


def _stopped(answer: Answer, sequences: list[str]) -> Answer:
    for number, block in enumerate(answer.blocks):
        if not isinstance(block, TextBlock):
            continue
        found = [(block.text.find(stop), stop) for stop in sequences if stop and stop in block.text]
        if found:
            position, stop = min(found)
            kept = unfinished(block, block.text[:position])
            finish = Finish(reason=FinishReason.STOP_SEQUENCE, stop_sequence=stop)
            return Answer([*answer.blocks[:number], kept], finish)
    return answer


def _shortened(answer: Answer, maximum: int) -> Answer:
    left = maximum
    for number, block in enumerate(answer.blocks):
        written = pieces_of(block)
        if len(written) > left:
            part = [unfinished(block, "".join(written[:left]))] if left else []
            return Answer([*answer.blocks[:number], *part], Finish(reason=FinishReason.LENGTH))
        left -= len(written)
    return answer
