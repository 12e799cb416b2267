import pytest

from lunaroute_server.config.yaml_document import YamlSyntaxError, load_yaml


def test_the_line_of_every_key_and_item_is_known():
    content = load_yaml("a: 1\nb:\n  c:\n    - x\n    - y\n")
    assert content.lines == {
        ("a",): 1,
        ("b",): 2,
        ("b", "c"): 3,
        ("b", "c", 0): 4,
        ("b", "c", 1): 5,
    }


def test_keys_given_twice_are_found_at_every_depth():
    content = load_yaml("a: 1\na: 2\nb: {c: 1, c: 2}\n")
    assert content.duplicates == ((("a",), 2), (("b", "c"), 3))


def test_a_date_is_a_text():
    """`api_version: 2023-06-01` is how people write it."""
    assert load_yaml("api_version: 2023-06-01").value == {"api_version": "2023-06-01"}


def test_merged_keys_may_be_given_again():
    content = load_yaml("base: &b {x: 1, y: 2}\nmine:\n  <<: *b\n  x: 3\n")
    assert content.duplicates == ()
    assert content.value == {"base": {"x": 1, "y": 2}, "mine": {"x": 3, "y": 2}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &a [*a]", "an alias inside"),
        ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("a: 1\n---\nb: 2", "but found another document"),
        ("{[1]: 2}", "unhashable key"),
    ],
)
def test_what_is_no_plain_value_is_refused_with_its_line(text, reason):
    with pytest.raises(YamlSyntaxError, match=reason) as caught:
        load_yaml(text)
    assert caught.value.line is not None


def test_a_character_yaml_does_not_know_is_refused():
    with pytest.raises(YamlSyntaxError):
        load_yaml("a: \x07")


def test_an_alias_may_stand_in_several_places():
    content = load_yaml("a: &x {k: 1}\nb: *x\nc: *x\n")
    assert content.value == {"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 1}}
    assert content.duplicates == ()
