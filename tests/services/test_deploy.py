"""The examples in `deploy/` say what this version understands; no engine of containers is needed."""

from __future__ import annotations

import json
import re
import shlex
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from nashforge.cli.main import app
from nashforge.evolve.service.settings import ServiceSettings

from .conftest import ROOT

DEPLOY = ROOT / "deploy"
SETTINGS = {
    "NASHFORGE_DATABASE",
    "NASHFORGE_CACHE",
    *(f"NASHFORGE_{name.upper()}" for name in ServiceSettings.model_fields),
}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))


def containers() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return every container with the specification of its pod."""
    pods = [manifest["spec"]["template"]["spec"] for manifest in manifests()]
    return [(container, pod) for pod in pods for container in pod["containers"]]


def commands() -> list[list[str]]:
    """Return every command of nashforge that the examples give, also in comments and in scripts."""
    found = [service["command"] for service in compose()["services"].values() if "command" in service]
    found += [container["command"] for container, _ in containers()]
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    found.append(json.loads(re.findall(r"^CMD (\[.*\])$", dockerfile, re.M)[-1]))
    scripts = [words[-1] for words in found if words[0] == "sh"]
    text = "\n".join((DEPLOY / name).read_text() for name in ("compose.yaml", "roles.sql"))
    for said in re.findall(r"nashforge (?:run|db) [a-z][^\n,:;]*$", text + "\n".join(scripts), re.M):
        found.append(shlex.split(said))
    for script in scripts:
        found += [shlex.split(part) for part in script.split("||")]
    return [words for words in found if words[0] == "nashforge"]


def test_there_are_commands_in_the_examples() -> None:
    assert {words[1] for words in commands()} >= {"worker", "run", "resume", "db", "status"}


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_are_understood(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while hasattr(command, "commands"):
        command, rest = command.commands[rest[0]], rest[1:]
    # Reads and checks all options, and calls nothing.
    command.make_context(words[1], list(rest))


def test_variables_are_settings() -> None:
    text = "\n".join(path.read_text() for path in DEPLOY.iterdir())
    assert set(re.findall(r"NASHFORGE_[A-Z_]+", text)) <= SETTINGS


def test_compose_is_complete() -> None:
    services = compose()["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        assert "image" in service, name
    build = services["worker"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()


def test_workers_have_time_to_give_back_what_they_do() -> None:
    worker = compose()["services"]["worker"]
    seconds = int(worker["stop_grace_period"].removesuffix("s"))
    assert grace(worker["command"]) < seconds
    for container, pod in containers():
        if "--grace" in container["command"]:
            assert grace(container["command"]) < pod["terminationGracePeriodSeconds"]


def grace(words: list[str]) -> float:
    return float(words[words.index("--grace") + 1])


def test_pods_are_consistent_and_unprivileged() -> None:
    for manifest in manifests():
        if manifest["kind"] == "Deployment":
            labels = manifest["spec"]["template"]["metadata"]["labels"]
            assert manifest["spec"]["selector"]["matchLabels"].items() <= labels.items()
    for container, pod in containers():
        assert {mount["name"] for mount in container["volumeMounts"]} <= {v["name"] for v in pod["volumes"]}
        assert {source["secretRef"]["name"] for source in container["envFrom"]}
        security = container["securityContext"]
        assert security["runAsNonRoot"]
        assert not security["allowPrivilegeEscalation"]
        assert security["capabilities"] == {"drop": ["ALL"]}
        probe = container.get("readinessProbe")
        if probe is not None:
            assert probe["httpGet"]["port"] in {port["name"] for port in container["ports"]}


def test_the_image_gets_the_packages_and_nothing_else() -> None:
    """A checkout holds environments and caches of gigabytes, and a history."""
    ignore = [
        line
        for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert ignore[0] == "*"
    kept = {line[1:] for line in ignore if line.startswith("!")}
    assert all((ROOT / name).exists() for name in kept)
    project = (ROOT / "pyproject.toml").read_text()
    packages = re.findall(r'"(\w+)\*"', re.findall(r"^include = .*$", project, re.M)[0])
    assert kept >= {*packages, "pyproject.toml", "requirements.lock", "README.md", "LICENSE"}
    assert any(fnmatch(".git", line.removeprefix("**/")) for line in ignore)
    copied = re.findall(r"^COPY (\S+) ", (DEPLOY / "Dockerfile").read_text(), re.M)
    assert set(copied) <= {*kept, "."}


def test_the_image_installs_as_everybody_does() -> None:
    """The lock names everything: pip must not ask what the newest releases want besides."""
    makefile, dockerfile = (ROOT / "Makefile").read_text(), (DEPLOY / "Dockerfile").read_text()
    for text in (makefile, dockerfile):
        lines = [line for line in text.splitlines() if "--require-hashes" in line]
        assert lines
        assert all("--no-deps" in line for line in lines)


def test_the_schemas_of_compose_and_kubernetes_are_met() -> None:
    schemas = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    for manifest in manifests():
        for version in ("1.29", "1.32"):
            schemas.validate(manifest, version, strict=True)
    vendored = pytest.importorskip("check_jsonschema", reason="pip install check-jsonschema")
    path = Path(vendored.__file__).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    import jsonschema

    jsonschema.validate(compose(), json.loads(path.read_text()))
