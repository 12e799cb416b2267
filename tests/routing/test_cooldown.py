"""Cool-downs: they last as said, escalate once a time, and are over by themselves."""

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lunaroute_core.retry_after import MAX_RETRY_AFTER
from lunaroute_core.testing import FakeClock
from lunaroute_routing.cooldown import MAX_MODELS, Cooldowns
from lunaroute_routing.settings import CooldownSettings


@pytest.fixture
def clock():
    return FakeClock(now=1000.0)


@pytest.fixture
def cooldowns(clock):
    return Cooldowns(CooldownSettings(), clock)


class CooldownMachine(RuleBasedStateMachine):
    """One model, whose attempts begin at different times and end in any order."""

    @initialize()
    def make(self):
        self.clock = FakeClock()
        self.cooldowns = Cooldowns(CooldownSettings(default_secs=4.0, max_secs=60.0), self.clock)
        self.attempts = []
        self.began = self.ends = -1.0
        self.in_a_row = 0

    @rule()
    def begin(self):
        self.attempts.append(self.clock.now)

    @precondition(lambda self: self.attempts)
    @rule(data=st.data(), vendor=st.one_of(st.none(), st.sampled_from([0.0, 1.0, 20.0])))
    def fail(self, data, vendor):
        now, started = self.clock.now, self.take(data)
        ended_before = self.ends
        left = self.cooldowns.cool("m", vendor, started=started)
        assert left == max(self.ends - now, 0) if vendor == 0 else left > 0
        if vendor == 0 or (vendor is None and started <= self.began and now < self.ends):
            assert left == max(self.ends - now, 0)
            return
        if started >= self.ends:
            self.in_a_row += 1
        expected = min(4.0 * 2 ** (self.in_a_row - 1), 60.0) if vendor is None else vendor
        self.began, self.ends = now, max(now + expected, self.ends)
        assert self.ends >= ended_before
        assert left == self.ends - now

    @precondition(lambda self: self.attempts)
    @rule(data=st.data())
    def succeed(self, data):
        started = self.take(data)
        self.cooldowns.succeeded("m", started=started)
        if started >= self.ends:
            self.began = self.ends = -1.0
            self.in_a_row = 0

    @rule(quarters=st.integers(1, 60))
    def wait(self, quarters):
        self.clock.advance(quarters / 4)

    def take(self, data):
        attempt = data.draw(st.sampled_from(self.attempts))
        self.attempts.remove(attempt)
        return attempt

    @invariant()
    def agrees(self):
        left = max(self.ends - self.clock.now, 0)
        assert self.cooldowns.remaining("m") == left
        assert self.cooldowns.entries() == ({"m": left} if left else {})


CooldownMachine.TestCase.settings = hypothesis_settings(max_examples=150, stateful_step_count=40)
TestCooldownMachine = CooldownMachine.TestCase


def fail_in_turn(cooldowns, clock, times):
    """Attempts that fail one after the other, each as soon as it may be made."""
    lengths = []
    for _ in range(times):
        lengths.append(cooldowns.cool("m", None, started=clock.now))
        clock.advance(lengths[-1])
        assert cooldowns.remaining("m") == 0
    return lengths


def test_nothing_is_cool_at_first(cooldowns):
    assert cooldowns.remaining("m") == 0
    assert cooldowns.entries() == {}


def test_lasts_as_long_as_the_vendor_says_to_the_second(clock, cooldowns):
    assert cooldowns.cool("m", 37.0, started=clock.now) == 37
    clock.advance(36.0)
    assert cooldowns.remaining("m") == 1
    clock.advance(1.0)
    assert cooldowns.remaining("m") == 0


def test_a_model_rests_alone_and_an_account_with_all_its_models(clock, cooldowns):
    cooldowns.cool("m", 30.0, started=clock.now)
    assert (cooldowns.remaining("m"), cooldowns.remaining("other")) == (30, 0)
    cooldowns.cool(None, 20.0, started=clock.now)
    assert (cooldowns.remaining("m"), cooldowns.remaining("other")) == (30, 20)
    assert cooldowns.entries() == {"m": 30, None: 20}
    clock.advance(25.0)
    assert (cooldowns.remaining("m"), cooldowns.remaining("other")) == (5, 0)
    assert cooldowns.entries() == {"m": 5}


def test_zero_is_no_cooldown(clock, cooldowns):
    assert cooldowns.cool("m", 0.0, started=clock.now) == 0
    assert cooldowns.remaining("m") == 0


def test_no_vendor_is_believed_for_more_than_two_days(clock, cooldowns):
    assert cooldowns.cool("m", 1e9, started=clock.now) == MAX_RETRY_AFTER
    cooldowns.extend("n", 1e9)
    assert cooldowns.remaining("n") == MAX_RETRY_AFTER


def test_really_escalates(clock, cooldowns):
    """The original forgets with the end of each cool-down that there was one."""
    lengths = fail_in_turn(cooldowns, clock, 8)
    assert lengths == [60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_lengths_are_settings(clock):
    cooldowns = Cooldowns(CooldownSettings(default_secs=1.0, max_secs=5.0), clock)
    assert fail_in_turn(cooldowns, clock, 5) == [1, 2, 4, 5, 5]


def test_escalates_without_end_but_not_without_bounds(clock):
    cooldowns = Cooldowns(CooldownSettings(default_secs=1.0, max_secs=2.0), clock)
    assert fail_in_turn(cooldowns, clock, 2000)[-1] == 2


def test_what_the_vendor_says_counts_for_the_escalation(clock, cooldowns):
    cooldowns.cool("m", 5.0, started=clock.now)
    clock.advance(5.0)
    assert fail_in_turn(cooldowns, clock, 1) == [120]


@pytest.mark.parametrize("scope", ["m", None])
def test_a_success_really_resets(clock, cooldowns, scope):
    for _ in range(3):
        clock.advance(cooldowns.cool(scope, None, started=clock.now))
    cooldowns.succeeded("m", started=clock.now)
    assert cooldowns.cool(scope, None, started=clock.now) == 60


def test_the_success_of_another_model_resets_nothing(clock, cooldowns):
    fail_in_turn(cooldowns, clock, 2)
    cooldowns.succeeded("other", started=clock.now)
    assert fail_in_turn(cooldowns, clock, 1) == [240]


def test_the_success_of_what_was_begun_before_resets_nothing(clock, cooldowns):
    before = clock.now
    fail_in_turn(cooldowns, clock, 2)
    cooldowns.succeeded("m", started=before)
    cooldowns.succeeded("m", started=clock.now - 1.0)
    assert fail_in_turn(cooldowns, clock, 1) == [240]


def test_a_success_ends_no_running_cooldown(clock, cooldowns):
    cooldowns.cool("m", 30.0, started=clock.now)
    clock.advance(1.0)
    cooldowns.succeeded("m", started=clock.now)
    assert cooldowns.remaining("m") == 29


@pytest.mark.parametrize(("quiet", "length"), [(9 * 3600.0, 120), (10 * 3600.0, 60)])
def test_a_long_quiet_resets(clock, cooldowns, quiet, length):
    fail_in_turn(cooldowns, clock, 1)
    clock.advance(quiet)
    assert fail_in_turn(cooldowns, clock, 1) == [length]


def test_a_burst_counts_once(clock, cooldowns):
    """In the original a burst of 10 means 512 minutes."""
    began = [clock.now + second for second in range(10)]
    clock.advance(20.0)
    for started in began:
        cooldowns.cool("m", None, started=started)
        clock.advance(1.0)
    assert cooldowns.remaining("m") == 60 - 10
    clock.advance(50.0)
    assert cooldowns.remaining("m") == 0
    assert fail_in_turn(cooldowns, clock, 1) == [120]


def test_a_straggler_after_the_end_cools_down_anew_but_no_longer(clock, cooldowns):
    before = clock.now
    fail_in_turn(cooldowns, clock, 1)
    clock.advance(5.0)
    assert cooldowns.cool("m", None, started=before) == 60
    clock.advance(60.0)
    assert fail_in_turn(cooldowns, clock, 1) == [120]


def test_an_attempt_made_in_spite_of_it_extends_but_does_not_escalate(clock, cooldowns):
    """A route with a single target asks on; other routes must not wait an hour for that."""
    for _ in range(10):
        assert cooldowns.cool("m", None, started=clock.now) == 60
        clock.advance(1.0)
    assert cooldowns.remaining("m") == 59


def test_never_gets_shorter_and_the_longest_word_counts(clock, cooldowns):
    cooldowns.cool("m", 30.0, started=clock.now)
    assert cooldowns.cool("m", 10.0, started=clock.now) == 30
    assert cooldowns.cool("m", 40.0, started=clock.now) == 40
    assert cooldowns.remaining("m") == 40


def test_extending_is_no_escalation(clock, cooldowns):
    cooldowns.cool("m", None, started=clock.now)
    cooldowns.extend("m", 20.0)
    assert cooldowns.remaining("m") == 60
    cooldowns.extend("m", 90.0)
    assert cooldowns.remaining("m") == 90
    clock.advance(90.0)
    assert fail_in_turn(cooldowns, clock, 1) == [120]


def test_what_others_found_out_counts_for_the_escalation(clock, cooldowns):
    cooldowns.extend("m", 60.0)
    clock.advance(60.0)
    assert fail_in_turn(cooldowns, clock, 1) == [120]


def test_what_was_under_way_when_others_found_out_counts_with_it(clock, cooldowns):
    started = clock.now
    clock.advance(1.0)
    cooldowns.extend("m", 60.0)
    clock.advance(1.0)
    assert cooldowns.cool("m", None, started=started) == 59


def test_switched_off_nothing_is_cooled_down(clock):
    cooldowns = Cooldowns(CooldownSettings(enabled=False), clock)
    assert cooldowns.cool("m", 30.0, started=clock.now) == 0
    assert cooldowns.cool(None, None, started=clock.now) == 0
    cooldowns.extend("m", 30.0)
    assert cooldowns.remaining("m") == 0


def test_models_are_bounded_and_the_account_keeps_its_place(clock, cooldowns):
    cooldowns.cool(None, 1.0, started=clock.now)
    for number in range(MAX_MODELS + 10):
        cooldowns.cool(f"m{number}", 100.0 + number, started=clock.now)
    entries = cooldowns.entries()
    assert len(entries) == MAX_MODELS + 1
    assert None in entries
    assert "m9" not in entries
    assert "m10" in entries
    assert cooldowns.remaining("m0") == 1
