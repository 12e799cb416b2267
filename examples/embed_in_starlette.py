"""The gateway inside a Starlette application, beneath /llm.

    uvicorn examples.embed_in_starlette:app --port 8000
    curl http://127.0.0.1:8000/llm/v1/messages -H 'content-type: application/json' \
      -d '{"model": "mock/echo", "max_tokens": 99, "messages": [{"role": "user", "content": "Hi"}]}'
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount

from lunaroute_server import Gateway, create_app

gateway = Gateway.from_config()


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[None]:
    async with gateway:
        yield


app = Starlette(routes=[Mount("/llm", create_app(gateway))], lifespan=lifespan)
