"""The examples of docs/how-to/route.md do what the page says."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from lunaroute_server.config import load_config
from lunaroute_server.route_trial import DescribedRequest, RouteTrial, read_cases

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "route.md").read_text()
KEYS = {"OPENAI_API_KEY": "a", "OPENAI_BACKUP_KEY": "b", "ANTHROPIC_API_KEY": "c"}


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


CONFIGS = [block for block in blocks("yaml") if not block.startswith("- ")]
WHOLE, *PARTS = CONFIGS
(MATRIX,) = (block for block in blocks("yaml") if block.startswith("- "))
PROVIDERS = WHOLE.partition("routing:")[0]


def loaded(tmp_path, text):
    path = tmp_path / "lunaroute.yaml"
    path.write_text(text)
    return load_config(path, environment=KEYS)


@pytest.mark.parametrize("part", PARTS)
async def test_every_part_is_a_configuration_whose_rules_lead_somewhere(tmp_path, part):
    found = loaded(tmp_path, PROVIDERS + part)
    assert found.warnings == ()
    trial = RouteTrial.of(found.config)
    routing = yaml.safe_load(part)["routing"]
    names = [rule["name"] for rule in routing.get("rules", [])] + list(routing.get("aliases", []))
    assert names
    for name in names:
        request = DescribedRequest(model="some", headers={"X-Luna-Route": name})
        assert (await trial.explain(request)).order


async def test_the_expectations_hold(tmp_path):
    path = tmp_path / "routes.yaml"
    path.write_text(MATRIX)
    trial = RouteTrial.of(loaded(tmp_path, WHOLE).config)
    results = [await trial.check(case) for case in read_cases(path)]
    assert len(results) == 4
    assert [result.failures for result in results] == [()] * 4


async def test_the_examples_of_matches_match_what_they_say(tmp_path):
    (part,) = (part for part in PARTS if "assistants" in part)
    trial = RouteTrial.of(loaded(tmp_path, PROVIDERS + part).config)
    claude_code = DescribedRequest(
        model="claude-x", dialect="anthropic", headers={"user-agent": "claude-cli/2.0"}
    )
    assert (await trial.explain(claude_code)).route == "assistants"
    search = DescribedRequest(model="gpt-5-mini", query="team=search", stream=True)
    assert (await trial.explain(search)).route == "team"


@pytest.fixture
def commands():
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("lunaroute route")]


def rows(text):
    return [" ".join(line.split()) for line in text.splitlines() if line.strip(" ─")]


def test_the_commands_run_and_print_what_is_shown(tmp_path, monkeypatch, capsys, commands):
    from lunaroute_server.cli.entry import app

    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lunaroute.yaml").write_text(WHOLE)
    (tmp_path / "routes.yaml").write_text(MATRIX)
    (tmp_path / "request.json").write_text('{"model": "gpt-5", "messages": []}')
    printed = {}
    for command in commands:
        with pytest.raises(SystemExit) as ended:
            app(args=command, prog_name="lunaroute")
        assert ended.value.code == 0, command
        printed[" ".join(command)] = capsys.readouterr().out
    assert [command.split()[1] for command in printed] == ["explain", "explain", "test"]
    (shown,) = blocks("text")
    assert rows(shown) == rows(next(iter(printed.values())))[: len(rows(shown))]
