"""The router for a gateway without routing rules: every client reaches its own vendor."""

from collections.abc import Mapping

from attrs import define, field

from lunaroute_core import (
    ErrorDetails,
    ErrorKind,
    InvalidRequestError,
    ModelRequest,
    ModelResponse,
    ModelStream,
    Operation,
    Provider,
    RequestError,
)
from lunaroute_core.credential_headers import has_credential
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_routing.model_list import ModelList


@define(kw_only=True)
class VendorRouter:
    """A Provider made of Providers, chosen by what the client says and speaks.

    In this order: the provider the client names in `X-Luna-Provider`; the one named before
    the first slash of the model (`anthropic/claude-…`; the rest is the model's name then);
    the client's own vendor; the first provider.

    Attributes:
        providers: by name, in order of preference.
        vendors: which provider serves the clients of a vendor.
        listing: the providers whose models `/v1/models` lists for everybody. A client that
            brings its own credential sees its own vendor's models too; when that leaves
            none, the last provider is asked.
        aliases: further model names to list.
    """

    providers: Mapping[str, Provider]
    vendors: Mapping[str, str]
    listing: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    name: str = "router"
    _models: ModelList = field(init=False)

    def __attrs_post_init__(self) -> None:
        if not self.providers:
            raise ValueError("a router needs at least one provider")
        self._models = ModelList(aliases=self.aliases)

    async def send(self, request: ModelRequest) -> ModelResponse:
        """Raises InvalidRequestError when the client names a provider that there is not."""
        if request.operation is Operation.LIST_MODELS and not request.model:
            return await self._models.gather(request, self._listed(request))
        provider, request = self._choose(request)
        return await provider.send(request)

    async def stream(self, request: ModelRequest) -> ModelStream:
        """Raises InvalidRequestError when the client names a provider that there is not."""
        provider, request = self._choose(request)
        return await provider.stream(request)

    def _choose(self, request: ModelRequest) -> tuple[Provider, ModelRequest]:
        override = request.context.provider_override
        prefix, slash, model = request.model.partition("/")
        if slash and model and prefix in self.providers:
            request = request.with_model(model)
            return self._named(override or prefix), request
        if override is not None:
            return self._named(override), request
        return self._own(request), request

    def _named(self, name: str) -> Provider:
        provider = self.providers.get(name)
        if provider is None:
            known = ", ".join(self.providers)
            raise InvalidRequestError(
                f"X-Luna-Provider: there is no provider {name!r}, only {known}",
                param="X-Luna-Provider",
            )
        return provider

    def _own(self, request: ModelRequest) -> Provider:
        vendor = dialect_named(request.context.client_dialect).vendor.name
        name = self.vendors.get(vendor)
        if name is not None:
            return self.providers[name]
        if request.operation is Operation.FORWARD:
            raise RequestError(
                ErrorDetails(
                    kind=ErrorKind.NOT_FOUND, message=f"no provider serves {vendor}'s clients"
                )
            )
        return next(iter(self.providers.values()))

    def _listed(self, request: ModelRequest) -> dict[str, Provider]:
        """The providers to list for a client, under the prefix their models are known by."""
        override = request.context.provider_override
        if override is not None:
            return {f"{override}/": self._named(override)}
        vendor = dialect_named(request.context.client_dialect).vendor.name
        headers = request.wire.headers if request.wire is not None else ()
        own = self.vendors.get(vendor)
        names = list(self.listing)
        if own is not None and own not in names and has_credential(headers):
            names.insert(0, own)
        return {
            "" if name == own else f"{name}/": self.providers[name]
            for name in names or list(self.providers)[-1:]
        }
