from lunaroute_core.model import Finish, FinishReason, StreamFinish, StreamStart, Usage


def test_a_keep_alive_is_a_comment_at_any_time(streams, sdk_events):
    """The SDK would refuse an event before `response.created`."""
    for started in (False, True):
        frame = streams.keep_alive(started=started)
        assert frame.startswith(b":")
        assert frame.endswith(b"\n\n")
        assert sdk_events(frame) == []


def test_every_stream_has_its_own_observer_decoder_and_encoder(streams, decode):
    request = decode({"input": "x"})
    assert streams.observer() is not streams.observer()
    assert streams.decoder() is not streams.decoder()
    assert streams.encoder(request=request) is not streams.encoder(request=request)


def test_what_the_encoder_writes_the_observer_reads(streams, decode):

    encoder = streams.encoder(request=decode({"input": "x"}))
    observer = streams.observer()
    usage = Usage(input_tokens=3, cache_read_tokens=0, output_tokens=2, reasoning_tokens=0)
    observer.observe(encoder.encode(StreamStart(id="resp_1", model="m", usage=usage)))
    assert (observer.started, observer.finished, observer.position) == (True, False, 2)
    finish = Finish(reason=FinishReason.LENGTH)
    observer.observe(encoder.encode(StreamFinish(finish=finish)))
    assert (observer.finished, observer.position, encoder.position) == (True, 3, 3)
    assert observer.summary.finish_reason is FinishReason.LENGTH
    assert observer.summary.usage is not None
    assert observer.summary.usage.output_tokens == 2
