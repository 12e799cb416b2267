import pytest

from lunaroute_server.config.key_path import format_path, leaves, put


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("port",), "port"),
        (("providers", "azure", "http_client"), "providers.azure.http_client"),
        (("models", "gpt-4.1"), 'models."gpt-4.1"'),
        (("prepend_messages", 0, "role"), "prepend_messages[0].role"),
    ],
)
def test_paths_are_written_as_in_the_file(path, text):
    assert format_path(path) == text


def test_leaves_are_values_lists_and_empty_objects():
    data = {"port": 1, "http": {"hosts": ["a"], "extra": {}}}
    assert list(leaves(data)) == [
        (("port",), 1),
        (("http", "hosts"), ["a"]),
        (("http", "extra"), {}),
    ]


def test_put_makes_the_sections_on_the_way():
    data = {"logging": {"level": "info"}}
    put(data, ("logging", "format"), "json")
    put(data, ("providers", "openai", "api_key"), "sk")
    assert data == {
        "logging": {"level": "info", "format": "json"},
        "providers": {"openai": {"api_key": "sk"}},
    }


def test_put_leaves_a_value_that_is_no_section_to_be_reported():
    data = {"logging": "loud"}
    put(data, ("logging", "level"), "info")
    assert data == {"logging": "loud"}
