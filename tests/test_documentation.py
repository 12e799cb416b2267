"""The documentation keeps up with what it describes."""

import importlib
import itertools
import re
import shlex
import tomllib
from pathlib import Path

import msgspec
import pytest

from lunaroute_core import ErrorDetails, ErrorKind
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_server import Config, Gateway

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PACKAGES = sorted(path.name for path in (ROOT / "src").glob("lunaroute_*") if path.is_dir())
PAGES = sorted(
    path.relative_to(DOCS).with_suffix("").as_posix()
    for path in DOCS.rglob("*.md")
    if "_build" not in path.parts
)
PUBLIC_MODULES = [
    *PACKAGES,
    "lunaroute_core.answer_stages",
    "lunaroute_core.model",
    "lunaroute_core.testing",
]


def read(page):
    return (DOCS / f"{page}.md").read_text()


def pages_in_toctrees():
    for page in PAGES:
        for body in re.findall(r"```\{toctree\}\n(.*?)```", read(page), re.DOTALL):
            entries = [line.strip() for line in body.splitlines()]
            for entry in entries:
                if entry and not entry.startswith(":"):
                    yield (Path(page).parent / entry).as_posix()


def section(page, heading):
    """The part of a page under a second-level heading."""
    pattern = rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)"
    found = re.search(pattern, read(page), re.DOTALL | re.MULTILINE)
    assert found, f"{page} has no section {heading}"
    return found.group(1)


def first_column(text):
    """The code in the first cell of each row of the tables in a text."""
    return re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)


def test_every_page_is_reached_through_a_table_of_contents_and_only_once():
    listed = list(pages_in_toctrees())
    assert sorted(listed) == [page for page in PAGES if page != "index"]


@pytest.mark.parametrize("module", PUBLIC_MODULES)
def test_public_names_are_sorted_and_all_documented(module):
    """A name that is exported is a promise, so it has a line in the reference."""
    names = list(importlib.import_module(module).__all__)
    assert names == sorted(names)
    assert sorted(first_column(section("reference/python-api", f"`{module}`"))) == names


def test_every_dependency_has_a_line_that_says_what_it_is_for():
    """And no line outlives its dependency."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    required = {re.match(r"[\w.-]+", name).group() for name in [*project["dependencies"], *extras]}
    documented = first_column(read("explanation/dependencies"))
    assert sorted(documented) == sorted(required - {"lunaroute"})


def test_the_readme_leaves_room_for_the_benchmark_to_write_in():
    readme = (ROOT / "README.md").read_text()
    assert 0 < readme.find("<!-- bench:start -->") < readme.find("<!-- bench:end -->")


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
def test_the_endpoints_of_every_dialect_are_documented(dialect):
    documented = read("reference/endpoints")
    paths = [*dialect.paths, *([dialect.token_count.path] if dialect.token_count else [])]
    assert [path for path in paths if f"`{path}`" not in documented] == []


def test_the_table_of_errors_is_what_the_dialects_write():
    rows = dict.fromkeys(first_column(section("reference/errors", "Kinds")))
    text = section("reference/errors", "Kinds")
    for kind in rows:
        cells = re.search(rf"^\| `{kind}` \|(.*)\|$", text, re.MULTILINE).group(1).split("|")
        rows[kind] = [cell.strip().strip("`") for cell in cells]
    assert rows == {kind.value: written_error(kind) for kind in ErrorKind}


def written_error(kind):
    """The cells of a row: OpenAI's status, type and code, Anthropic's status and type."""
    error = ErrorDetails(kind=kind, message="m")
    status, body = DIALECTS["openai_chat"].errors.encode(error, request_id="r")
    openai = msgspec.json.decode(body)["error"]
    status_too, body = DIALECTS["anthropic_messages"].errors.encode(error, request_id="r")
    anthropic = msgspec.json.decode(body)["error"]
    return [
        str(status),
        openai["type"],
        openai["code"] or "",
        str(status_too),
        anthropic["type"],
    ]


def test_the_gateways_own_headers_are_documented_and_no_others():
    """Every `x-lunaroute-` header the code can write has a row, and each row is written."""
    sources = [*(ROOT / "src").rglob("*.py")]
    written = {
        name
        for path in sources
        for name in re.findall(r'b"(x-lunaroute-[a-z-]+)"', path.read_text())
    }
    documented = set(
        re.findall(r"^\| `(x-lunaroute-[a-z-]+)`", read("reference/headers"), re.MULTILINE)
    )
    assert documented == written


def test_the_headers_that_are_for_the_gateway_are_documented_and_never_sent_upstream():
    read_by_ingress = {
        name
        for path in (ROOT / "src" / "lunaroute_ingress").rglob("*.py")
        for name in re.findall(r'b"(x-luna-[a-z-]+)"', path.read_text())
    }
    dropped = re.findall(
        r'b"(x-luna-[a-z-]+)"', (ROOT / "src/lunaroute_egress/upstream_headers.py").read_text()
    )
    page = section("reference/headers", "Request headers")
    rows = re.findall(r"^\| `(x-luna-[a-z-]+)` \|", page, re.MULTILINE)
    assert set(rows) == set(dropped) == read_by_ingress


def curl_examples():
    """Path, headers and body of each curl command in the README."""
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL):
        for command in block.split("\n\n"):
            words = shlex.split(command)
            if words[0] == "curl":
                pairs = list(itertools.pairwise(words))
                address = next(word for word in words if word.startswith("http"))
                headers = [value.split(": ", 1) for option, value in pairs if option == "-H"]
                body = next(value for option, value in pairs if option == "-d")
                yield address.removeprefix("http://127.0.0.1:8081"), dict(headers), body


@pytest.mark.parametrize(("path", "headers", "body"), list(curl_examples()))
async def test_the_readmes_curl_commands_are_answered_without_any_key(path, headers, body):
    """The first thing a newcomer types works."""
    async with (
        Gateway.from_config(Config()) as gateway,
        gateway.http_client() as client,
        client.stream("POST", path, headers=headers, content=body) as answer,
    ):
        content = await answer.aread()
    assert answer.status_code == 200
    kind = "text/event-stream" if '"stream": true' in body else "application/json"
    assert answer.headers["content-type"].startswith(kind)
    assert b"Hel" in content


def test_the_readme_shows_both_apis_whole_and_streamed():
    shown = [(path, '"stream": true' in body) for path, _, body in curl_examples()]
    assert shown == [
        ("/v1/chat/completions", False),
        ("/v1/messages", False),
        ("/v1/chat/completions", True),
        ("/v1/messages", True),
    ]
