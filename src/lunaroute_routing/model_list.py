"""The models of several providers as one list."""

import asyncio
from collections.abc import Iterator, Mapping

from attrs import frozen
from msgspec.structs import replace

from lunaroute_core import (
    ModelRequest,
    ModelResponse,
    Provider,
    ProviderError,
    RequestError,
    UpstreamProtocolError,
    WireResponse,
)
from lunaroute_core.credential_headers import has_credential
from lunaroute_core.dialects.codec import ModelInfo, ModelListPage
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_routing.naming import unknown_provider
from lunaroute_routing.route_table import RouteTable


@frozen(kw_only=True)
class ModelList:
    """Asks providers for their models and writes the union in the client's dialect.

    Every model is listed under the name by which a client can ask for it. The list of the
    client's own vendor alone is passed on as it is. Of several lists, those that cannot be
    had are left out; when none can be had, the first failure is raised.

    Attributes:
        providers: by name.
        table: says which of them are listed, and under which further names.
    """

    providers: Mapping[str, Provider]
    table: RouteTable

    async def of(self, request: ModelRequest) -> ModelResponse:
        """The list for a client; raises InvalidRequestError when it names an unknown provider."""
        providers = self._listed(request)
        context = request.context
        if context.provider_override is None:
            return await self._gather(request, providers)
        # Said to this Router: another one behind it has other names.
        obeyed = replace(context, provider_override=None, route_override=None)
        try:
            return await self._gather(request.with_context(obeyed), providers)
        finally:
            context.attempts = obeyed.attempts

    def alias(self, request: ModelRequest) -> ModelResponse | None:
        """The answer to a client that asks about one of the names that no vendor knows; None for
        any other.
        """
        name = request.model
        if name not in self.table.aliases or request.context.provider_override is not None:
            return None
        dialect = dialect_named(request.context.client_dialect)
        return _response(dialect, dialect.vendor.models.encode_one(ModelInfo(id=name)))

    def _listed(self, request: ModelRequest) -> dict[str, Provider]:
        """The providers to list for a client, under the prefix their models are known by."""
        override = request.context.provider_override
        if override is not None:
            if override not in self.providers:
                raise unknown_provider(override, self.providers)
            return {f"{override}/": self.providers[override]}
        vendor = dialect_named(request.context.client_dialect).vendor.name
        own = self.table.defaults.get(vendor)
        names = list(self.table.listing)
        if own is not None and own not in names and has_credential(request.headers):
            names.insert(0, own)
        return {
            "" if name == own else f"{name}/": self.providers[name]
            for name in names or list(self.providers)[-1:]
        }

    async def _gather(
        self, request: ModelRequest, providers: Mapping[str, Provider]
    ) -> ModelResponse:
        results = await asyncio.gather(
            *(provider.send(request) for provider in providers.values()), return_exceptions=True
        )
        failures = [result for result in results if isinstance(result, BaseException)]
        for failure in failures:
            if len(failures) == len(results) or not isinstance(
                failure, ProviderError | RequestError
            ):
                raise failure
        answers = {
            prefix: result
            for prefix, result in zip(providers, results, strict=True)
            if isinstance(result, ModelResponse)
        }
        aliases = self.table.aliases
        own = answers.get("")
        if own is not None and len(providers) == 1 and not aliases:
            return own
        found = {alias: ModelInfo(id=alias) for alias in aliases}
        for prefix, answer in answers.items():
            for model in _models(answer, prefix):
                found.setdefault(model.id, model)
        return _list_response(request, list(found.values()))


def _models(answer: ModelResponse, prefix: str) -> Iterator[ModelInfo]:
    wire = answer.wire
    if wire is None:
        raise UpstreamProtocolError("the answer is no model list", provider=answer.provider)
    content = wire.body if wire.content is None else wire.content
    try:
        models = dialect_named(wire.dialect).vendor.models.decode(content)
    except ValueError as error:
        raise UpstreamProtocolError(
            f"the answer is no model list: {error}", provider=answer.provider
        ) from error
    for model in models:
        yield replace(model, id=prefix + model.id)


def _list_response(request: ModelRequest, models: list[ModelInfo]) -> ModelResponse:
    dialect = dialect_named(request.context.client_dialect)
    query = request.wire.query if request.wire is not None else b""
    page = ModelListPage.from_query(query)
    return _response(dialect, dialect.vendor.models.encode(models, page))


def _response(dialect: Dialect, body: bytes) -> ModelResponse:
    wire = WireResponse(
        dialect=dialect.name,
        status=200,
        headers=((b"content-type", b"application/json"),),
        body=body,
        content=body,
    )
    return ModelResponse(provider="router", model="", wire=wire)
