from collections.abc import Callable, Mapping

from jsonschema import Draft202012Validator

def extend(
    validator: type[Draft202012Validator], validators: Mapping[str, Callable[..., tuple[()]]]
) -> type[Draft202012Validator]: ...
