"""The installed version."""


def version() -> str:
    from importlib.metadata import version as installed_version  # noqa: PLC0415 - 30 ms

    return installed_version("lunaroute")
