from lunaroute_server.process import Patience


class Time:
    def __init__(self):
        self.now = 0.0

    def clock(self):
        return self.now

    def pause(self, seconds):
        self.now += seconds


def test_it_ends_when_the_condition_is_true():
    time = Time()
    patience = Patience(seconds=10, clock=time.clock, pause=time.pause)
    assert patience.until(lambda: time.now > 1)
    assert time.now < 2


def test_it_ends_when_the_time_is_up():
    time = Time()
    patience = Patience(seconds=10, clock=time.clock, pause=time.pause)
    assert not patience.until(lambda: False)
    assert 10 <= time.now < 11


def test_without_any_time_it_tries_once():
    assert Patience(seconds=0).until(lambda: True)
    assert not Patience(seconds=0).until(lambda: False)
