"""The gateway inside a FastAPI application, beneath /llm.

    uvicorn examples.embed_in_fastapi:app --port 8000
    curl http://127.0.0.1:8000/llm/v1/chat/completions -H 'content-type: application/json' \
      -d '{"model": "mock/echo", "messages": [{"role": "user", "content": "Hello"}]}'
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from lunaroute_server import Gateway, create_app

gateway = Gateway.from_config()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    async with gateway:
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/llm", create_app(gateway))


@app.get("/")
async def active() -> dict[str, int]:
    return {"active_requests": gateway.active_requests}
