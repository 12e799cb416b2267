from lunaroute_core.dialects.openai_vendor.logprobs import completed, read_tokens

TOKEN = {"token": "é", "logprob": -0.5}


def test_a_token_has_bytes_and_rivals_where_they_are_required():
    rival = {"token": "e", "logprob": -1.5}
    written = completed({**TOKEN, "top_logprobs": [rival]}, with_bytes=True)
    assert written == {**TOKEN, "bytes": [195, 169], "top_logprobs": [{**rival, "bytes": [101]}]}


def test_bytes_that_are_not_known_may_be_said_to_be_unknown():
    assert completed(TOKEN, with_bytes=False) == {**TOKEN, "bytes": None, "top_logprobs": []}


def test_bytes_that_are_known_stay():
    assert completed({**TOKEN, "bytes": [195]}, with_bytes=True)["bytes"] == [195]


def test_anything_but_a_list_tells_of_no_tokens():
    assert read_tokens(None) == read_tokens({"content": []}) == read_tokens(["x"]) == []
    assert read_tokens([TOKEN]) == [TOKEN]
