"""The official SDKs through the gateway, in one process, with no socket between them.

Run it with `python examples/sdk_in_process.py`; it needs no key.
"""

import asyncio

from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from lunaroute_server import Gateway


async def main() -> None:
    async with Gateway.from_config() as gateway:
        openai = AsyncOpenAI(api_key="none", http_client=gateway.http_client())
        answer = await openai.chat.completions.create(
            model="mock/echo", messages=[{"role": "user", "content": "Hello"}]
        )
        print(answer.choices[0].message.content)

        anthropic = AsyncAnthropic(api_key="none", http_client=gateway.http_client())
        async with anthropic.messages.stream(
            model="mock/text",
            max_tokens=100,
            messages=[{"role": "user", "content": "Tell me a story"}],
        ) as stream:
            async for text in stream.text_stream:
                print(text, end="", flush=True)
        print()


if __name__ == "__main__":
    asyncio.run(main())
