from collections.abc import Callable, Iterable, Mapping

from jsonschema import Draft202012Validator

def extend(
    validator: type[Draft202012Validator],
    validators: Mapping[str, Callable[..., Iterable[Exception] | None]],
) -> type[Draft202012Validator]: ...
