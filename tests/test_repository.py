"""The repository itself: what is packaged, what is pinned, and what must never be committed."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import lunaroute_core

ROOT = Path(__file__).parent.parent
PACKAGES = sorted(path.name for path in (ROOT / "src").glob("lunaroute_*") if path.is_dir())
MODULES = sorted((ROOT / "src").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

# Written so that this file does not contain what it looks for.
REGISTRY_HOSTS = re.compile(
    r"\b(pypi|pythonhosted|npmjs|debian|crates|golang|maven)\.(org|com|io|dev)\b"
)
MACHINE_PATHS = re.compile(r"(?<![\w.}/])/(work|root|farm|home|Users|opt(?!/lunaroute))/\w")
CREDENTIALS = re.compile(
    r"\b(sk-(?:ant-|proj-|svcacct-)?[\w-]{32,}|AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}|xox[bap]-[\w-]{20,})"
)
MADE_UP = re.compile(
    r"test|fake|example|canary|client|configured|made-?up|secret|(.)\1{5}", re.IGNORECASE
)

# Where an import's name is not the distribution's.
DISTRIBUTIONS = {"genai_prices": "genai-prices", "re2": "google-re2", "yaml": "pyyaml"}
# Loaded by uvicorn, which is told to by name.
NEVER_IMPORTED = {"httptools"}


def committed_files():
    """Files that are tracked, or would be with the next `git add`."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def places_matching(pattern, *, unless=None):
    return [
        f"{path.relative_to(ROOT)}:{number}: {match.group()}"
        for path in committed_files()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        for match in pattern.finditer(line)
        if unless is None or not unless.search(match.group())
    ]


def distribution(requirement):
    return re.match(r"[\w.-]+", requirement).group().lower().replace("_", "-")


def declared_dependencies():
    extras = PROJECT["project"]["optional-dependencies"]
    everything = [*PROJECT["project"]["dependencies"], *(r for rs in extras.values() for r in rs)]
    return {distribution(requirement) for requirement in everything} - {"lunaroute"}


def imported_packages(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_no_committed_file_names_a_package_registry():
    """Pins and documents work with whatever registry an installation is set up for."""
    assert places_matching(REGISTRY_HOSTS) == []


def test_no_committed_file_names_a_path_of_one_machine():
    assert places_matching(MACHINE_PATHS) == []


def test_no_committed_file_holds_what_looks_like_a_real_credential():
    """Keys in tests and documents say that they are made up."""
    assert places_matching(CREDENTIALS, unless=MADE_UP) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_typed_packaged_and_under_the_import_contracts(package):
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    contracts = PROJECT["tool"]["importlinter"]
    assert (ROOT / "src" / package / "py.typed").is_file()
    assert f"src/{package}" in wheel
    assert package in contracts["root_packages"]
    assert any(package in layer.split(" | ") for layer in contracts["contracts"][0]["layers"])


def test_the_installed_wheel_is_what_is_tested():
    """`make test` must not fall back to the source tree."""
    if "LUNAROUTE_TEST_INSTALLED" not in os.environ:
        pytest.skip("not run by `make test`")
    assert ROOT / "src" not in Path(lunaroute_core.__file__).parents
    assert str(ROOT / "src") not in sys.path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_no_module_is_longer_than_500_lines(path):
    assert len(path.read_text().splitlines()) <= 500


def test_the_declared_dependencies_are_those_the_packages_import():
    """Nothing is installed for nothing, and nothing is used that only another one brings."""
    imported = {name for path in MODULES for name in imported_packages(path)}
    third_party = imported - set(sys.stdlib_module_names) - set(PACKAGES)
    used = {DISTRIBUTIONS.get(name, name).lower() for name in third_party}
    assert used | NEVER_IMPORTED == declared_dependencies()


@pytest.mark.parametrize("name", ["build", "dev", "runtime", "test"])
def test_pins_are_exact_versions_and_name_no_place_to_get_them(name):
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+( ; .+)?", pin)] == []


@pytest.mark.parametrize("name", ["build", "runtime", "test"])
def test_every_environment_runs_the_same_versions(name):
    def pins(name):
        return set((ROOT / "requirements" / f"{name}.txt").read_text().splitlines())

    assert pins(name) <= pins("dev")


def test_every_runtime_dependency_is_pinned():
    lines = (ROOT / "requirements" / "runtime.txt").read_text().splitlines()
    pinned = {distribution(line) for line in lines if not line.startswith("#")}
    required = {distribution(name) for name in PROJECT["project"]["dependencies"]}
    assert required <= pinned


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_the_make_targets_a_newcomer_is_told_of_exist(document):
    """A command in a document is one that can be typed."""
    told = re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / document).read_text(), re.MULTILINE)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert told
    assert set(told) <= set(targets)


def test_continuous_integration_runs_the_readmes_test_command_last():
    """What a newcomer is told to run is what decides, and its summary ends the log."""
    assert "make test" in (ROOT / "README.md").read_text()
    assert (ROOT / ".ci/run").read_text().rstrip().endswith("\nmake test")
