from lunaroute_core.client_memo import ClientMemo


def test_it_keeps_what_it_is_given():
    memo = ClientMemo()
    assert memo.keep("gpt-5", 1, length=5) == 1
    assert memo == {"gpt-5": 1}


def test_it_keeps_nothing_under_a_long_name():
    memo = ClientMemo()
    name = "x" * (ClientMemo.LONGEST + 1)
    assert memo.keep(name, 1, length=len(name)) == 1
    assert memo == {}


def test_it_keeps_no_more_than_so_many():
    memo = ClientMemo()
    for number in range(ClientMemo.MOST + 10):
        assert memo.keep(number, number, length=1) == number
    assert len(memo) == ClientMemo.MOST
