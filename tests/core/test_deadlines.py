from lunaroute_core import DeadlineOverrides, Deadlines

OWN = Deadlines(connect=1, first_byte=2, idle=3, total=4)


def test_what_is_not_overridden_stays():
    assert OWN.overridden(None) is OWN
    assert OWN.overridden(DeadlineOverrides()) == OWN
    assert OWN.overridden(DeadlineOverrides(idle=9)) == Deadlines(
        connect=1, first_byte=2, idle=9, total=4
    )


def test_what_is_overridden_may_be_longer_or_shorter():
    overridden = OWN.overridden(DeadlineOverrides(connect=0.5, total=60))
    assert overridden == Deadlines(connect=0.5, first_byte=2, idle=3, total=60)


def test_overrides_can_be_overridden_in_turn():
    given = DeadlineOverrides(connect=1, idle=2)
    assert given.overridden(None) is given
    own = DeadlineOverrides(idle=9, total=60)
    assert given.overridden(own) == DeadlineOverrides(connect=1, idle=9, total=60)
