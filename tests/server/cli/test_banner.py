from lunaroute_server.cli.banner import banner


def test_it_says_where_and_how():
    text = banner(
        version="1.2.3",
        url="http://127.0.0.1:8081",
        server="uvicorn, 2 workers",
        providers=["openai", "mock"],
        drain_secs=30.0,
    )
    assert "LunaRoute 1.2.3 listens on http://127.0.0.1:8081 (uvicorn, 2 workers)" in text
    assert "openai, mock" in text
    assert "export ANTHROPIC_BASE_URL=http://127.0.0.1:8081\n" in text
    assert "export OPENAI_BASE_URL=http://127.0.0.1:8081/v1\n" in text
    assert "30 s" in text
