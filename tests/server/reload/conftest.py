import pytest

from lunaroute_server.config import load_config

FILE = """\
providers:
  first: {type: mock, mock: {models: {parrot: echo}}}
  second: {type: mock, switch_notification_message: hello, retry: {max_retries: 1}}
  remote: {type: openai, http_client: {timeout_secs: 5}}
routing:
  rules:
    - {name: main, match: {model: parrot}, primary: first}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(FILE)
    return path


@pytest.fixture
def rewritten(file):
    """Changes a word in the file, and reads it."""

    def rewrite(*pairs):
        text = file.read_text()
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        file.write_text(text)
        return load_config(file, environment={})

    return rewrite
