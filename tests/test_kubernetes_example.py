"""The manifest is one, by Kubernetes's own schemas, and says what its first lines promise."""

from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("kubernetes_validate", reason="kubernetes_validate is not installed: make env")
import kubernetes_validate

MANIFEST = Path(__file__).parents[1] / "examples" / "kubernetes.yaml"
VERSIONS = ("1.30", "1.37")
PARTS: list[Any] = list(yaml.safe_load_all(MANIFEST.read_text()))


def pod() -> dict[str, Any]:
    (deployment,) = (part for part in PARTS if part["kind"] == "Deployment")
    return deployment["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part["kind"])
def test_it_is_what_the_schema_says(part: Any, version: str) -> None:
    kubernetes_validate.validate(part, version, strict=True)


def test_the_schema_finds_a_mistake() -> None:
    """The test above can fail."""
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**PARTS[0], "handlre": "runsc"}, VERSIONS[-1], strict=True)


def test_nothing_is_privileged_and_nothing_of_the_node_is_seen() -> None:
    containers = pod()["containers"] + pod()["initContainers"]
    assert pod()["runtimeClassName"] == "gvisor"
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod().keys()
    assert pod()["automountServiceAccountToken"] is False
    for container in containers:
        closed = container["securityContext"]
        assert "privileged" not in closed, container["name"]
        if "SYS_ADMIN" not in closed["capabilities"].get("add", ()):
            assert closed["allowPrivilegeEscalation"] is False, container["name"]
        assert closed["readOnlyRootFilesystem"] is True, container["name"]
        assert closed["capabilities"]["drop"] == ["ALL"], container["name"]
    kinds = {kind for volume in pod()["volumes"] for kind in volume if kind != "name"}
    assert kinds == {"emptyDir", "secret"}, "no folder of the node, no socket of its runtime"


def test_every_sandbox_has_places_a_user_and_a_socket_of_its_own() -> None:
    sandboxes = [each for each in pod()["containers"] if each["name"].startswith("sandbox")]
    assert len(sandboxes) == 3
    for kind in ("NAME", "UID_OF_SAMPLES"):
        values = {v["value"] for each in sandboxes for v in each["env"] if v["name"] == kind}
        assert len(values) == 3, kind
    own = [
        mount["name"]
        for each in sandboxes
        for mount in each["volumeMounts"]
        if mount["name"] != "wardens"
    ]
    assert len(set(own)) == len(own) == 6
    assert set(own) < {volume["name"] for volume in pod()["volumes"]}
