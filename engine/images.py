"""Building, listing and trying the sandbox images."""

import concurrent.futures
import hashlib
import io
import os
import subprocess
import tarfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import docker
import docker.errors

from veristone import BackendUnavailable
from veristone.engine.backends.docker import connect
from veristone.engine.languages import IMAGES, WARDEN, Language, files_of, installed

__all__ = ["BASE", "ImageStatus", "build", "build_all", "statuses"]

BASE = "debian:trixie-slim"
_BASE_FOLDER = IMAGES / "base"
_PULL_TIMEOUT_S = 90
_SIDE_BY_SIDE = 4
_preparing_base = threading.Lock()


class ImageStatus(NamedTuple):
    """One language and whether its image is here."""

    language: str
    image: str
    built: bool
    size_mib: int


def statuses() -> list[ImageStatus]:
    """Return the state of every language's image.

    Raises:
        BackendUnavailable: no Docker daemon answers.
    """
    client = connect()
    found: list[ImageStatus] = []
    for language in installed().values():
        name = language.image()
        try:
            size = int(client.images.get(name).attrs.get("Size", 0))
        except docker.errors.ImageNotFound:
            found.append(ImageStatus(language.name, name, False, 0))
        else:
            found.append(ImageStatus(language.name, name, True, size // 2**20))
    return found


def build(
    language: Language,
    say: Callable[[str], None],
    packages: tuple[str, ...] = (),
    *,
    force: bool = False,
) -> str:
    """Build the image of a language unless it is here; return its name.

    Three steps, each an image that others share: Debian with Python, a language's toolchain, the
    warden. Debian's image comes from a registry where one answers. Where none does, it is made
    from Debian's archive by mmdebstrap, with the same result.

    Raises:
        BackendUnavailable: no daemon, no base image, or the build failed; the message ends with
            the build's last lines.
    """
    client = connect()
    name = language.image()
    if not force and not packages and _present(client, name):
        say(f"{name} is built already")
        _name_latest(client, name)
        return name
    with _preparing_base:
        _ensure_base(client, say)
        base = _step(client, _BASE_FOLDER, {"BASE": BASE}, say)
    toolchain = _step(client, language.folder, {"BASE": base}, say)
    say(f"building {name}")
    _build(client, WARDEN, name, {"TOOLCHAIN": toolchain, "PACKAGES": " ".join(packages)})
    _name_latest(client, name)
    return name


def _name_latest(client: Any, name: str) -> None:
    """Give an image the tag `latest`, by which compose and Kubernetes may call it."""
    client.images.get(name).tag(name.partition(":")[0], "latest")


def build_all(languages: Sequence[Language], say: Callable[[str], None], **options: Any) -> None:
    """Build several images side by side; see `build`.

    Raises:
        BackendUnavailable: one could not be built; the others are built all the same.
    """
    with concurrent.futures.ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        tasks = [pool.submit(build, language, say, **options) for language in languages]
    errors = [str(error) for task in tasks if (error := task.exception()) is not None]
    if errors:
        raise BackendUnavailable("\n".join(errors))


def _step(client: Any, folder: Path, arguments: dict[str, str], say: Callable[[str], None]) -> str:
    """Build the image of one folder on another one, unless it is here; return its name."""
    digest = hashlib.sha256("".join(arguments.values()).encode())
    for path in files_of(folder):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    name = f"veristone/step-{folder.name}:{digest.hexdigest()[:12]}"
    if not _present(client, name):
        say(f"building {name}")
        _build(client, folder, name, arguments)
    return name


def _build(client: Any, folder: Path, name: str, arguments: dict[str, str]) -> None:
    lines: list[str] = []
    stream = client.api.build(
        fileobj=_context(folder),
        custom_context=True,
        dockerfile=f"{folder.name}/Dockerfile",
        tag=name,
        rm=True,
        forcerm=True,
        decode=True,
        network_mode="host",  # builds see the network of the host: proxies and mirrors work
        buildargs=arguments,
        labels={"veristone.folder": folder.name},
    )
    for event in stream:
        if "error" in event:
            tail = "".join(lines[-15:])
            raise BackendUnavailable(f"docker: building {name} failed: {event['error']}\n{tail}")
        lines += [event["stream"]] if "stream" in event else []


def _present(client: Any, name: str) -> bool:
    try:
        client.images.get(name)
    except docker.errors.ImageNotFound:
        return False
    return True


def _ensure_base(client: Any, say: Callable[[str], None]) -> None:
    if _present(client, BASE):
        return
    say(f"fetching {BASE}")
    try:
        puller = docker.from_env(timeout=_PULL_TIMEOUT_S)
        puller.images.pull(BASE)
        return
    except (docker.errors.DockerException, OSError) as error:
        say(f"no registry answers ({str(error).splitlines()[0][:80]}); making it with mmdebstrap")
    try:
        made = subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=minbase"),
                *("--include=ca-certificates", "trixie", "-"),
            ],
            capture_output=True,
            check=True,
        )
    except FileNotFoundError:
        raise BackendUnavailable(
            f"docker: {BASE} cannot be pulled and mmdebstrap is missing;"
            " install it with: apt-get install mmdebstrap"
        ) from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip()[-500:]
        raise BackendUnavailable(f"docker: mmdebstrap failed: {said}") from error
    repository, tag = BASE.split(":")
    client.api.import_image_from_data(made.stdout, repository=repository, tag=tag)


def _context(folder: Path) -> io.BytesIO:
    """Pack what a build needs: one folder, and the certificates that this host trusts.

    Of the certificates a stage that fetches over TLS may make use; no image keeps them.
    """
    packed = io.BytesIO()
    named = [os.environ.get(name) for name in ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")]
    trusted = next((Path(path) for path in named if path and Path(path).is_file()), None)
    with tarfile.open(fileobj=packed, mode="w") as archive:
        certificates = trusted.read_bytes() if trusted is not None else b""
        member = tarfile.TarInfo("certificates.pem")
        member.size = len(certificates)
        archive.addfile(_anonymous(member), io.BytesIO(certificates))
        for path in files_of(folder):
            archive.add(path, path.relative_to(folder.parent), recursive=False, filter=_anonymous)
    packed.seek(0)
    return packed


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Take time, owner and umask out of the context: the same files, the same image layers."""
    member.mtime = 0
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() else 0o644
    return member
