import subprocess
import sys

import pytest
import re2

from lunaroute_core.dialects.registry import DIALECTS, DialectRegistry, dialect_named


def test_the_three_dialects_are_there_under_their_names():
    assert list(DIALECTS) == ["openai_chat", "openai_responses", "anthropic_messages"]
    assert all(DIALECTS[name].name == name for name in DIALECTS)
    assert [dialect.name for dialect in DIALECTS.values()] == list(DIALECTS)
    assert len(DIALECTS) == 3


def test_a_dialect_is_found_by_its_name():
    assert dialect_named("openai_chat") is DIALECTS["openai_chat"]
    assert "openai_chat" in DIALECTS


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError, match="acme_prompt"):
        dialect_named("acme_prompt")
    assert "acme_prompt" not in DIALECTS
    assert DIALECTS.get("acme_prompt") is None


@pytest.mark.parametrize("name", ["request_json", "registry", "no_such_folder"])
def test_a_line_without_its_folder_is_seen_at_once(name):
    with pytest.raises((ImportError, AttributeError), match=name):
        DialectRegistry((name,))[name]


@pytest.mark.parametrize(
    ("model", "vendors"),
    [
        ("gpt-5", {"openai"}),
        ("o4-mini", {"openai"}),
        ("chatgpt-4o-latest", {"openai"}),
        ("codex-mini-latest", {"openai"}),
        ("computer-use-preview", {"openai"}),
        ("ft:gpt-4.1-mini:mine::a1", {"openai"}),
        ("claude-opus-4-1", {"anthropic"}),
        ("opus", set()),
        ("my-claude-5", set()),
        ("openai-gpt", set()),
        ("omni-1", set()),
    ],
)
def test_a_models_name_tells_its_vendor_where_it_begins_as_only_that_vendors_do(model, vendors):
    known = {dialect.vendor.name: dialect.vendor for dialect in DIALECTS.values()}
    assert vendors == {
        name
        for name, vendor in known.items()
        if any(re2.search(pattern, model) for pattern in vendor.model_patterns)
    }


def loaded_after(code):
    shown = f"import sys; {code}; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", shown], check=True, capture_output=True, text=True, timeout=60
    )
    prefix = "lunaroute_core.dialects."
    return {name for name in DIALECTS if f"{prefix}{name}" in run.stdout.split()}


def test_no_dialect_is_imported_before_it_is_needed():
    registry = "from lunaroute_core.dialects.registry import DIALECTS, dialect_named"
    assert loaded_after("import lunaroute_core") == set()
    assert loaded_after(f"{registry}; 'openai_chat' in DIALECTS, [*DIALECTS]") == set()
    assert loaded_after(f"{registry}; dialect_named('openai_chat')") == {"openai_chat"}
    assert loaded_after(f"{registry}; [*DIALECTS.values()]") == set(DIALECTS)
