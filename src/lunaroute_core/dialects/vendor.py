"""Whose API a dialect is: what tells its clients apart, and what its dialects share."""

from attrs import frozen

from lunaroute_core.dialects.codec import ModelListCodec


@frozen(kw_only=True)
class Vendor:
    """One vendor.

    Attributes:
        name: `openai` or `anthropic`; credentials follow it.
        request_id_header: the response header in which this vendor's SDKs look for the
            request id.
        client_headers: headers that only this vendor's clients send, in lower case.
        key_prefixes: how this vendor's API keys begin, where that tells them apart.
        path_prefixes: where paths begin that only this vendor has, in whole segments.
        model_patterns: how the names of its models begin, as anchored RE2 patterns.
        models: its list of models.
        whole_list: the query that asks for all models at once, where they come in pages.
    """

    name: str
    request_id_header: str
    client_headers: frozenset[bytes] = frozenset()
    key_prefixes: tuple[bytes, ...] = ()
    path_prefixes: tuple[str, ...] = ()
    model_patterns: tuple[str, ...] = ()
    models: ModelListCodec
    whole_list: bytes = b""

    def owns_path(self, path: str) -> bool:
        """Whether only this vendor has such a path."""
        return any(f"{path}/".startswith(f"{prefix}/") for prefix in self.path_prefixes)
