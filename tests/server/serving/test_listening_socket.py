"""The socket's options must hold on accepted connections: that is where they matter."""

import asyncio
import socket

import pytest

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.serving.listening_socket import SocketOptions, open_listening_socket


def listening(host="127.0.0.1", port=0, *, loopback_only=True, **options):
    return open_listening_socket(
        host, port, options=SocketOptions(**options), loopback_only=loopback_only
    )


def accepted(listener):
    listener.setblocking(True)
    client = socket.create_connection((listener.host, listener.port), timeout=5)
    connection, _ = listener.accept()
    return client, connection


def test_options_are_inherited_by_accepted_connections():
    sizes = {"send_buffer_size": 65536, "recv_buffer_size": 32768}
    with listening(tcp_keepalive_secs=42, **sizes) as listener:
        client, connection = accepted(listener)
        with client, connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 42
            # The kernel doubles what is asked for, for its own bookkeeping: socket(7).
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * 65536
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * 32768


def test_keep_alive_can_be_turned_off():
    with listening(tcp_keepalive_secs=None) as listener:
        client, connection = accepted(listener)
        with client, connection:
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0


@pytest.mark.parametrize("wanted", [True, False])
async def test_tcp_nodelay_is_as_configured_on_a_connection_that_asyncio_serves(wanted):
    """asyncio turns it on for each stream, whatever the listening socket has."""
    seen = asyncio.Queue()

    async def connected(reader, writer):
        connection = writer.get_extra_info("socket")
        seen.put_nowait(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1)
        writer.close()
        await writer.wait_closed()

    listener = listening(tcp_nodelay=wanted)
    async with await asyncio.start_server(connected, sock=listener):
        _, writer = await asyncio.open_connection(listener.host, listener.port)
        assert await seen.get() is wanted
        writer.close()
        await writer.wait_closed()


def test_port_0_is_a_free_port_and_the_url_names_it():
    with listening() as listener:
        assert listener.port > 0
        assert listener.url == f"http://127.0.0.1:{listener.port}"


def test_a_taken_port_is_explained():
    with listening() as first:
        port = first.port
        with pytest.raises(ConfigurationError) as caught:
            listening(port=port)
    assert str(caught.value) == (
        f"port: {port} on 127.0.0.1 is taken by another program: choose another with --port"
    )


def test_a_port_can_be_had_again_at_once():
    """Connections that linger in TIME_WAIT must not keep a restarted server from its port."""
    with listening() as listener:
        client, connection = accepted(listener)
        connection.close()
        client.recv(1)
        client.close()
        port = listener.port
    with listening(port=port) as again:
        assert again.port == port


def test_localhost_is_the_address_that_clients_try():
    with listening("localhost") as listener:
        assert listener.host == "127.0.0.1"


def test_ipv6_has_brackets_in_its_url():
    try:
        listener = listening("::1")
    except ConfigurationError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with listener:
        assert listener.url == f"http://[::1]:{listener.port}"
        client, connection = accepted(listener)
        with client, connection:
            assert connection.family == socket.AF_INET6


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_other_interfaces_are_refused_unless_meant(host):
    with pytest.raises(ConfigurationError, match="--insecure") as caught:
        listening(host)
    assert caught.value.path == "host"


def test_all_interfaces_can_be_meant():
    with listening("0.0.0.0", loopback_only=False) as listener:
        assert listener.url == f"http://127.0.0.1:{listener.port}"


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("192.0.2.7", "192.0.2.7 is no address of this machine"),
        ("no such host", "'no such host' is no host name or address"),
    ],
)
def test_a_wrong_host_is_explained(host, reason):
    with pytest.raises(ConfigurationError) as caught:
        listening(host, loopback_only=False)
    assert str(caught.value) == f"host: {reason}"


@pytest.mark.parametrize("tcp_nodelay", [True, False])
def test_open_connections_can_be_dropped(tcp_nodelay):
    with listening(tcp_nodelay=tcp_nodelay) as listener:
        client, connection = accepted(listener)
        with client, connection:
            listener.drop_connections()
            assert client.recv(1) == b""
