from lunaroute_server.serving.restart_delays import RestartDelays


def test_delays_double_up_to_half_a_minute():
    delays = RestartDelays()
    assert [delays.after(0.1) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_worker_that_lived_long_starts_over():
    delays = RestartDelays()
    for _ in range(5):
        delays.after(1)
    assert delays.after(60) == 0.5
    assert delays.after(1) == 1
