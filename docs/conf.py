"""Sphinx configuration. Everything is built offline; warnings are errors."""

from importlib.metadata import version as installed_version

project = "LunaRoute"
author = "the LunaRoute contributors"
copyright = "2026, the LunaRoute contributors"
release = installed_version("lunaroute")

extensions = ["myst_parser"]
exclude_patterns = ["_build", "conftest.py"]
source_suffix = {".md": "markdown"}

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "LunaRoute"
