import pytest

from lunaroute_core.testing import FakeProvider
from lunaroute_server.app import create_app


@pytest.fixture
def gateway(gateway_of):
    gateway = gateway_of(FakeProvider(name="vendor"))
    yield gateway
    gateway.in_flight.close()


@pytest.fixture
def client(gateway, client_of):
    return client_of(create_app(gateway))


async def test_a_process_that_runs_is_healthy(client):
    answer = await client("GET", "/healthz")
    assert answer.status == 200
    assert answer.json == {"status": "ok"}


async def test_readiness_names_the_providers(client):
    answer = await client("GET", "/readyz")
    assert answer.status == 200
    assert answer.json == {"status": "ready", "reason": None, "providers": [{"name": "vendor"}]}


async def test_a_gateway_that_is_being_stopped_is_not_ready_but_healthy(client, gateway):
    gateway.begin_drain(60)
    answer = await client("GET", "/readyz")
    assert answer.status == 503
    assert answer.json["status"] == "not_ready"
    assert answer.json["reason"] == "shutting down"
    assert (await client("GET", "/healthz")).status == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_they_answer_questions_only(client, path):
    assert (await client("POST", path)).status == 404
