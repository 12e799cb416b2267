"""The gateway inside a Starlette application, beneath /llm.

uvicorn examples.embed_in_starlette:app --port 8000
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount

from lunaroute_server import Gateway, create_app

gateway = Gateway.from_config()


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    async with gateway:
        yield


app = Starlette(routes=[Mount("/llm", create_app(gateway))], lifespan=lifespan)
