import os
import signal

from lunaroute_server.serving.stop_signals import StopSignals


async def test_the_first_signal_requests_and_the_second_insists():
    stop = StopSignals()
    with stop.installed((signal.SIGTERM, signal.SIGUSR1)):
        os.kill(os.getpid(), signal.SIGTERM)
        await stop.requested.wait()
        assert not stop.insisted.is_set()
        os.kill(os.getpid(), signal.SIGUSR1)
        await stop.insisted.wait()


async def test_a_broken_lifeline_requests_a_stop_once():
    """It stays readable; that must neither insist nor keep the loop busy."""
    stop = StopSignals()
    lifeline, held = os.pipe()
    with stop.installed((), lifeline=lifeline):
        os.close(held)
        await stop.requested.wait()
    assert not stop.insisted.is_set()
    os.close(lifeline)
