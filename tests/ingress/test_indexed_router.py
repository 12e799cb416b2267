from starlette.routing import Mount, Route, Router

from lunaroute_ingress import IndexedRouter


def endpoint(name, seen):
    class Endpoint:
        async def __call__(self, scope, receive, send):
            seen.append(name)

    return Endpoint()


async def asked(router, path, *, method="POST", root_path=""):
    async def receive():
        raise AssertionError("nobody reads the body")

    async def send(message):
        pass

    scope = {"type": "http", "method": method, "path": path, "root_path": root_path, "headers": []}
    await router(scope, receive, send)


def routes(seen):
    return [
        Route("/a", endpoint("first", seen), methods=["POST"]),
        Route("/a", endpoint("never", seen), methods=["POST"]),
        Route("/b/{rest:path}", endpoint("rest", seen)),
        Route("/b/c", endpoint("hidden", seen), methods=["POST"]),
        Route("/{path:path}", endpoint("others", seen)),
    ]


async def test_it_finds_what_starlettes_router_finds():
    indexed, plain = [], []
    for router in (IndexedRouter(routes(indexed)), Router(routes(plain))):
        for path in ("/a", "/a/", "/A", "/b/c", "/b/", "/", "/c"):
            for method in ("POST", "GET", "HEAD", "OPTIONS"):
                await asked(router, path, method=method)
        await asked(router, "/llm/a", root_path="/llm")
    assert indexed == plain
    assert {"first", "rest", "others"} == set(indexed)


async def test_it_asks_no_route_for_what_is_posted_to(monkeypatch):
    seen = []
    router = IndexedRouter(routes(seen))
    monkeypatch.setattr(Route, "matches", None)
    await asked(router, "/a")
    assert seen == ["first"]


async def test_it_can_be_mounted():
    seen = []
    await asked(Router([Mount("/llm", IndexedRouter(routes(seen)))]), "/llm/a")
    assert seen == ["first"]
