import json
import socket


def test_a_healthy_installation_is_exit_code_0(lunaroute, free_port):
    result = lunaroute("doctor", "--offline", "--port", str(free_port))
    assert result.returncode == 0
    assert "configuration" in result.stdout
    assert "failed" not in result.stdout


def test_something_broken_is_exit_code_1(lunaroute):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        result = lunaroute("doctor", "--offline", "--port", port, "--json")
    assert result.returncode == 1
    findings = {finding["check"]: finding["status"] for finding in json.loads(result.stdout)}
    assert findings["port"] == "failed"
    assert findings["configuration"] == "ok"


def test_a_wrong_configuration_is_a_finding(lunaroute, home):
    (home / "lr.yaml").write_text("prot: 1\n")
    result = lunaroute("doctor", "--offline", "-c", str(home / "lr.yaml"), "--json")
    assert result.returncode == 1
    ((finding),) = json.loads(result.stdout)
    assert (finding["check"], finding["status"]) == ("configuration", "failed")
    assert "prot" in finding["detail"]
