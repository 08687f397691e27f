"""The Dockerfile and docker-compose.yml: what they promise, read from them; and that Compose takes them.

No engine is asked for: the image is not built here, and no container is started.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.cli.servers import check_bind

ROOT = Path(__file__).parents[2]

KEYS_OF = {
    "gateway": {
        "originals.json",
        "copies.json",
        "fingerprints.json",
        "log.json",
        "checkpoint.pub",
        "prover.pub",
    },
    "worker": {"originals.json", "copies.json", "log.json", "prover.key"},
    "sequencer": {"log.json", "checkpoint.key", "checkpoint.pub"},
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """As Compose understands it: merged, interpolated, checked against its schema."""
    clients = (["docker", "compose"], ["docker-compose"])
    client = next((words for words in clients if works([*words, "version"])), None)
    if client is None:
        pytest.fail("neither `docker compose` nor `docker-compose` is here: apt-get install docker-compose")
    done = subprocess.run(
        [*client, "--file", str(ROOT / "docker-compose.yml"), "config"],
        env=os.environ | {"PRIVGATE_DB_PASSWORD": "seeded-password", "COMPOSE_PROFILES": "tools"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = yaml.safe_load(done.stdout)
    return loaded


def works(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, timeout=300).returncode == 0


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def mounts(service: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    """Volume -> (where, whether read-only)."""
    found = {}
    for volume in service["volumes"]:
        if isinstance(volume, str):
            source, target, *mode = volume.split(":")
            found[source] = (target, "ro" in mode)
        else:
            found[volume["source"]] = (volume["target"], volume.get("read_only", False))
    return found


def test_the_whole_gateway_is_there(services: dict[str, Any]) -> None:
    assert services.keys() == {"postgres", "init", "gateway", "worker", "sequencer", "tools"}


def test_without_a_password_nothing_starts() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert text.count("${PRIVGATE_DB_PASSWORD:?") == text.count("${") == 2


def test_the_only_port_is_on_this_machines_loopback(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    (port,) = published.pop("gateway")
    assert published == {}
    if isinstance(port, dict):
        assert port["host_ip"] == "127.0.0.1"
    else:
        assert port.startswith("127.0.0.1:")


def test_the_server_believes_the_hosts_end_of_its_network_and_no_other(compose: dict[str, Any]) -> None:
    command = compose["services"]["gateway"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    check_bind(options["--host"], None, None, options["--behind-proxy"])  # is not refused
    (network,) = compose["networks"]["front"]["ipam"]["config"]
    proxy = ipaddress.ip_network(options["--behind-proxy"])
    assert proxy.num_addresses == 1
    assert str(proxy.network_address) == network["gateway"]
    assert proxy.subnet_of(ipaddress.ip_network(network["subnet"]))  # type: ignore[arg-type]


def test_only_the_server_is_on_the_network_that_leads_out(compose: dict[str, Any]) -> None:
    on_front = {name for name, service in compose["services"].items() if "front" in service["networks"]}
    assert on_front == {"gateway"}
    assert compose["networks"]["back"]["internal"] is True


@pytest.mark.parametrize("name", KEYS_OF)
def test_each_service_is_handed_the_keys_of_its_role_and_no_others(
    name: str, services: dict[str, Any]
) -> None:
    (script,) = services["init"]["command"]
    handed = re.findall(r"install -m 600 (.+) (/keys/\w+)/$", script, re.MULTILINE)
    assert {target: set(files.split()) for files, target in handed}[f"/keys/{name}"] == KEYS_OF[name]
    assert mounts(services["init"])[f"keys-{name}"] == (f"/keys/{name}", False)
    assert mounts(services[name])[f"keys-{name}"] == ("/var/lib/privgate/keys", True)
    assert not [
        volume for volume in mounts(services[name]) if volume.startswith("keys") and name not in volume
    ]


def test_the_whole_keyring_is_mounted_by_nothing_that_goes_on_running(services: dict[str, Any]) -> None:
    holders = {name for name, service in services.items() if "keys" in mounts(service)}
    assert holders == {"init", "tools"}
    assert {services[name]["restart"] for name in holders} == {"no"}
    assert services["init"]["environment"]["PRIVGATE_KEYS"] == "/keys/all"


def test_the_sequencer_has_no_blobs_and_only_it_writes_the_log_folder(services: dict[str, Any]) -> None:
    assert "blobs" not in mounts(services["sequencer"])
    assert mounts(services["sequencer"])["log"] == ("/var/lib/privgate/data", False)
    assert mounts(services["gateway"])["log"] == ("/var/lib/privgate/data", True)
    assert "log" not in mounts(services["worker"])


def test_a_restore_may_write_all_that_it_brings_back_into_an_empty_database(services: dict[str, Any]) -> None:
    tools = services["tools"]
    assert tools["profiles"] == ["tools"]  # no `up` starts it
    assert "ports" not in tools
    assert mounts(tools) == {
        "keys": ("/var/lib/privgate/keys", False),
        "blobs": ("/var/lib/privgate/blobs", False),
        "log": ("/var/lib/privgate/data", False),
    }
    assert set(tools["depends_on"]) == {"postgres"}


@pytest.mark.parametrize("name", ["init", "gateway", "worker", "sequencer", "tools"])
def test_our_processes_are_confined(name: str, services: dict[str, Any]) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["ulimits"]["core"] == 0


def test_no_url_holds_the_password(services: dict[str, Any]) -> None:
    for service in services.values():
        for key, value in service["environment"].items():
            if key not in ("PGPASSWORD", "POSTGRES_PASSWORD"):
                assert "seeded-password" not in str(value)


# --- the image


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")


def test_the_image_runs_as_nobody_special(dockerfile: str) -> None:
    final = dockerfile.rpartition("\nFROM ")[2]
    assert "\nUSER privgate\n" in final
    assert final.index("\nUSER privgate\n") < final.index("\nENTRYPOINT ")


def test_the_image_holds_the_locked_runtime_and_not_the_development_tools(dockerfile: str) -> None:
    installs = re.findall(r"/opt/privgate/bin/pip install ([^&\n]+)", dockerfile)
    assert [words.split() for words in installs] == [
        ["--require-hashes", "--requirement", "requirements.lock"],
        ["--no-deps", "--no-index", "/wheels/*.whl"],
    ]


def test_the_image_has_the_system_libraries_that_the_set_up_asks_for(dockerfile: str) -> None:
    script = (ROOT / ".ci" / "prerequisites").read_text("utf-8")
    libraries = set(re.findall(r"has_library \S+ \|\| need (\S+)", script))
    assert len(libraries) == 4
    assert libraries <= set(dockerfile.split())


def test_the_image_can_back_up_the_database_that_compose_starts(
    dockerfile: str, services: dict[str, Any]
) -> None:
    """pg_dump refuses a server that is newer than itself."""
    clients = {"bookworm": 15}  # by the Debian that the image is made from
    (debian,) = re.findall(r"^FROM python:\S+-(\w+) AS base$", dockerfile, re.MULTILINE)
    assert "postgresql-client" in dockerfile.split()
    server = re.fullmatch(r"postgres:(\d+)-\w+", services["postgres"]["image"])
    assert server is not None
    assert int(server[1]) <= clients[debian]


def test_the_models_come_into_the_image_by_the_manifest(dockerfile: str) -> None:
    assert "privgate models fetch" in dockerfile
    folders = re.findall(r"PRIVGATE_MODELS=(\S+)", dockerfile)
    assert folders == ["/opt/privgate/models"] * 2  # fetched to where they are looked for


def test_the_image_says_whether_it_is_healthy_and_holds_no_secret(dockerfile: str) -> None:
    assert "\nHEALTHCHECK " in dockerfile
    assert "/healthz" in dockerfile
    assert not re.search(r"PASSWORD|SECRET|TOKEN|checkpoint\.key|\.json", dockerfile)


def test_nothing_but_what_the_image_is_built_from_goes_to_the_builder(dockerfile: str) -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for word in line.split()[:-1]
    }
    assert copied == allowed
