"""Where each kind of vendor listens and how it wants to be greeted."""

from ipaddress import ip_address
from typing import Protocol
from urllib.parse import quote, urlsplit

from attrs import field, frozen

from lunaroute_core.headers import Headers

_OWN_HOSTS = {
    "openai": (".openai.com", ".chatgpt.com"),
    "anthropic": (".anthropic.com",),
}
_ALWAYS_LOCKED = (".azure.com", ".azure.us", ".azure.cn")


class Endpoint(Protocol):
    """A vendor's address. `base_url` has no trailing slash."""

    @property
    def vendor(self) -> str: ...

    @property
    def base_url(self) -> str: ...

    def url(self, path: str, *, model: str, query: str) -> str:
        """The full URL for a vendor path such as `/v1/chat/completions`."""
        ...

    def key_header(self, key: str) -> tuple[bytes, bytes]: ...

    def required_headers(self) -> Headers:
        """Headers sent when the client did not send them."""
        ...


def trusts_client_credentials(endpoint: Endpoint) -> bool:
    """Whether a client's own key may go there unasked: the vendor itself, or this machine."""
    parts = urlsplit(endpoint.base_url)
    host = (parts.hostname or "").lower()
    own = parts.scheme == "https" and f".{host}".endswith(_OWN_HOSTS[endpoint.vendor])
    return own or is_loopback(host)


def needs_credentials(endpoint: Endpoint) -> bool:
    """Whether it is known that nothing is answered there without a key. Of other servers that
    speak a vendor's dialect some want none.
    """
    host = (urlsplit(endpoint.base_url).hostname or "").lower()
    return f".{host}".endswith((*_OWN_HOSTS[endpoint.vendor], *_ALWAYS_LOCKED))


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _without_version(path: str) -> str:
    return path.removeprefix("/v1") if path.startswith("/v1/") else path


def _with_query(url: str, query: str) -> str:
    return f"{url}?{query}" if query else url


def _openai_base(base_url: str) -> str:
    base_url = base_url.rstrip("/")
    return base_url if urlsplit(base_url).path else f"{base_url}/v1"


def _anthropic_base(base_url: str) -> str:
    return base_url.rstrip("/").removesuffix("/v1")


def _azure_base(base_url: str) -> str:
    return base_url.rstrip("/").removesuffix("/openai")


@frozen(kw_only=True)
class OpenAIEndpoint:
    """OpenAI, or any server compatible with it.

    `base_url` includes the version, as OpenAI's SDKs have it; one without any path gets
    `/v1`.
    """

    _base_url: str = field(default="https://api.openai.com/v1", converter=_openai_base)
    vendor: str = field(default="openai", init=False)

    @property
    def base_url(self) -> str:
        return self._base_url

    def url(self, path: str, *, model: str, query: str) -> str:
        del model
        return _with_query(self.base_url + _without_version(path), query)

    def key_header(self, key: str) -> tuple[bytes, bytes]:
        return b"authorization", f"Bearer {key}".encode()

    def required_headers(self) -> Headers:
        return ((b"content-type", b"application/json"),)


@frozen(kw_only=True)
class AnthropicEndpoint:
    """Anthropic, or a server compatible with it. `base_url` is without `/v1`."""

    _base_url: str = field(default="https://api.anthropic.com", converter=_anthropic_base)
    version: str = "2023-06-01"
    vendor: str = field(default="anthropic", init=False)

    @property
    def base_url(self) -> str:
        return self._base_url

    def url(self, path: str, *, model: str, query: str) -> str:
        del model
        return _with_query(self.base_url + path, query)

    def key_header(self, key: str) -> tuple[bytes, bytes]:
        # OAuth access tokens are Bearer tokens, API keys are not required to be.
        if key.startswith("sk-ant-oat"):
            return b"authorization", f"Bearer {key}".encode()
        return b"x-api-key", key.encode()

    def required_headers(self) -> Headers:
        return (
            (b"content-type", b"application/json"),
            (b"anthropic-version", self.version.encode()),
        )


@frozen(kw_only=True)
class AzureOpenAIEndpoint:
    """Azure OpenAI: `base_url` is the resource, `https://NAME.openai.azure.com`.

    With `api_version` requests take the deployment path of the classic API, the
    deployment being `deployments[model]` or the model's own name; without it they take the
    v1 API, where the body's `model` names the deployment.
    Source: Microsoft, "Azure OpenAI in Azure AI Foundry Models REST API reference".
    """

    _base_url: str = field(converter=_azure_base)
    api_version: str | None = None
    deployments: dict[str, str] = field(factory=dict[str, str])
    vendor: str = field(default="openai", init=False)

    @property
    def base_url(self) -> str:
        return self._base_url

    def url(self, path: str, *, model: str, query: str) -> str:
        path = _without_version(path)
        if self.api_version is None:
            return _with_query(f"{self.base_url}/openai/v1{path}", query)
        version = f"api-version={quote(self.api_version)}"
        query = f"{query}&{version}" if query else version
        if path.startswith(("/responses", "/models", "/files")) or not model:
            return f"{self.base_url}/openai{path}?{query}"
        deployment = quote(self.deployments.get(model, model), safe="")
        return f"{self.base_url}/openai/deployments/{deployment}{path}?{query}"

    def key_header(self, key: str) -> tuple[bytes, bytes]:
        return b"api-key", key.encode()

    def required_headers(self) -> Headers:
        return ((b"content-type", b"application/json"),)
