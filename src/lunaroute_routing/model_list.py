"""The models of several providers as one list."""

import asyncio
from collections.abc import Iterator, Mapping

import msgspec
from attrs import frozen

from lunaroute_core import (
    ModelRequest,
    ModelResponse,
    Provider,
    ProviderError,
    RequestError,
    UpstreamProtocolError,
    WireResponse,
)
from lunaroute_core.dialects.codec import ModelInfo, ModelListPage
from lunaroute_core.dialects.registry import dialect_named


@frozen(kw_only=True)
class ModelList:
    """Asks providers for their models and writes the union in the client's dialect.

    Every model is listed under the name by which a client can ask for it. The list of the
    client's own vendor alone is passed on as it is. Of several lists, those that cannot be
    had are left out; when none can be had, the first failure is raised.

    Attributes:
        aliases: further names to list.
    """

    aliases: tuple[str, ...] = ()

    async def gather(
        self, request: ModelRequest, providers: Mapping[str, Provider]
    ) -> ModelResponse:
        """`providers` are named by the prefix their models are listed with, perhaps none."""
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
        own = answers.get("")
        if own is not None and len(providers) == 1 and not self.aliases:
            return own
        found = {alias: ModelInfo(id=alias) for alias in self.aliases}
        for prefix, answer in answers.items():
            for model in _models(answer, prefix):
                found.setdefault(model.id, model)
        return _response(request, list(found.values()))


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
        yield msgspec.structs.replace(model, id=prefix + model.id)


def _response(request: ModelRequest, models: list[ModelInfo]) -> ModelResponse:
    dialect = dialect_named(request.context.client_dialect)
    query = request.wire.query if request.wire is not None else b""
    body = dialect.vendor.models.encode(models, ModelListPage.from_query(query))
    wire = WireResponse(
        dialect=dialect.name,
        status=200,
        headers=((b"content-type", b"application/json"),),
        body=body,
        content=body,
    )
    return ModelResponse(provider="router", model="", wire=wire)
