from lunaroute_core.dialects.openai_chat.answers import Answers
from lunaroute_core.model import Message, ToolCallBlock, ToolResultBlock


def called(call_id):
    return ToolCallBlock(id=call_id, name="f")


def result(call_id):
    return ToolResultBlock(call_id=call_id)


def test_a_result_answers_the_last_call_before_it():
    first, again, early = result("a"), result("a"), result("a")
    call = called("a")
    turns = [
        Message(role="tool", blocks=[early]),
        Message(role="assistant", blocks=[call]),
        Message(role="tool", blocks=[first]),
        Message(role="assistant", blocks=[call]),
        Message(role="tool", blocks=[again]),
    ]
    answers = Answers.among(turns)
    assert [id(it) for it in answers.to(call, at=1)] == [id(first)]
    assert [id(it) for it in answers.to(call, at=3)] == [id(again)]
    assert answers.asked_for(first)
    assert not answers.asked_for(early)


def test_a_call_may_have_no_result_or_several():
    turns = [
        Message(role="assistant", blocks=[called("a"), called("b")]),
        Message(role="tool", blocks=[result("a"), result("a")]),
    ]
    answers = Answers.among(turns)
    assert len(answers.to(called("a"), at=0)) == 2
    assert answers.to(called("b"), at=0) == []
    assert answers.to(called("c"), at=0) == []


def test_many_uses_of_one_id_take_linear_time():
    turns = []
    for _ in range(20_000):
        turns.append(Message(role="assistant", blocks=[called("a")]))
        turns.append(Message(role="tool", blocks=[result("a")]))
    answers = Answers.among(turns)
    assert all(len(answers.to(called("a"), at=at)) == 1 for at in range(0, len(turns), 2))
