"""The estimate of a text's tokens beside what real tokenizers count.

`reference_token_counts.json` has texts of many kinds with the counts of OpenAI's `o200k_base` and
`cl100k_base` (tiktoken 0.14), of DeepSeek V3's tokenizer, and of Claude's as reconstructed by
ctok 1.3, without the frame around a message.
"""

import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.text_tokens import estimate_text_tokens

REFERENCE = msgspec.json.decode(
    Path(__file__).with_name("reference_token_counts.json").read_bytes()
)
RATIOS = {
    "o200k_base": (0.8, 1.15),
    "cl100k_base": (0.3, 1.15),
    "deepseek_v3": (0.5, 1.25),
    "claude_3_to_4.6": (0.4, 1.1),
    "claude_4.7": (0.4, 1.05),
}
"""By tokenizer, how small and how large an estimate may be beside its count."""


def ratio(sample, tokenizer):
    return estimate_text_tokens(sample["text"]) / sample["counts"][tokenizer]


@pytest.mark.parametrize("sample", REFERENCE, ids=lambda sample: sample["kind"])
@pytest.mark.parametrize("tokenizer", RATIOS)
def test_an_estimate_is_near_the_count(sample, tokenizer):
    low, high = RATIOS[tokenizer]
    assert low <= ratio(sample, tokenizer) <= high


@pytest.mark.parametrize("sample", REFERENCE, ids=lambda sample: sample["kind"])
def test_an_estimate_is_within_a_tenth_of_current_openai_models(sample):
    error = 0.2 if sample["kind"] == "base64" else 0.11
    assert abs(ratio(sample, "o200k_base") - 1) <= error


def test_errors_do_not_add_up():
    estimated = sum(estimate_text_tokens(sample["text"]) for sample in REFERENCE)
    counted = sum(sample["counts"]["o200k_base"] for sample in REFERENCE)
    assert abs(estimated / counted - 1) < 0.04


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (" ", 1),
        ("a", 1),
        ("hello", 1),
        ("hello world", 2),
        ("camelCaseName", 4),
        ("12", 2),
        ("\n", 2),
        ("...", 2),
        ("你好世界", 3),
        ("Привет", 2),
        ("🙂", 3),
        ("\ud800", 1),
    ],
)
def test_short_texts(text, tokens):
    assert estimate_text_tokens(text) == tokens


@given(st.text(min_size=1))
def test_a_text_has_at_least_a_token_and_rarely_more_than_its_bytes(text):
    size = len(text.encode("utf-8"))
    assert 1 <= estimate_text_tokens(text) <= 2 * size


@given(st.text(), st.text())
def test_cutting_a_text_changes_little(left, right):
    """Streams are estimated in pieces; each piece is rounded up, and may cut a word in two."""
    together = estimate_text_tokens(left + right)
    apart = estimate_text_tokens(left) + estimate_text_tokens(right)
    assert together - 1 <= apart <= together + 3


@pytest.mark.parametrize("text", ["word " * 30_000, "слово " * 15_000, "\0" * 150_000])
def test_a_hundred_and_fifty_kilobytes_take_milliseconds(text):
    """CPU time, the best of several, so that a busy machine does not count."""
    taken = []
    for _ in range(5):
        started = time.process_time()
        estimate_text_tokens(text)
        taken.append(time.process_time() - started)
    assert min(taken) < 0.02
