"""Building, listing and trying the sandbox images."""

import io
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import docker
import docker.errors

from veristone import BackendUnavailable
from veristone.engine.backends.docker import connect
from veristone.engine.languages import IMAGES, Language, installed

__all__ = ["BASE", "ImageStatus", "build", "statuses"]

BASE = "debian:trixie-slim"
_PULL_TIMEOUT_S = 90


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

    The base image comes from a registry where one answers. Where none does, it is made from
    Debian's archive by mmdebstrap, with the same result.

    Raises:
        BackendUnavailable: no daemon, no base image, or the build failed; the message ends with
            the build's last lines.
    """
    client = connect()
    name = language.image()
    if not force and not packages and _present(client, name):
        say(f"{name} is built already")
        return name
    _ensure_base(client, say)
    say(f"building {name}")
    lines: list[str] = []
    stream = client.api.build(
        fileobj=_context(language),
        custom_context=True,
        dockerfile=f"{language.name}/Dockerfile",
        tag=name,
        rm=True,
        forcerm=True,
        decode=True,
        network_mode="host",  # builds see the network of the host: proxies and mirrors work
        buildargs={"BASE": BASE, "PACKAGES": " ".join(packages)},
        labels={"veristone.language": language.name},
    )
    for event in stream:
        if "error" in event:
            tail = "".join(lines[-15:])
            raise BackendUnavailable(f"docker: building {name} failed: {event['error']}\n{tail}")
        lines += [event["stream"]] if "stream" in event else []
    return name


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


def _context(language: Language) -> io.BytesIO:
    """Pack what a build needs: the warden and the language's folder, nothing else."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for folder in ("warden", language.name):
            for path, name in _files(folder):
                archive.add(path, name, recursive=False, filter=_anonymous)
    packed.seek(0)
    return packed


def _files(folder: str) -> Iterator[tuple[str, str]]:
    for path in sorted((IMAGES / folder).rglob("*")):
        if "__pycache__" not in path.parts:
            yield str(path), str(path.relative_to(IMAGES))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Take time, owner and umask out of the context: the same files, the same image layers."""
    member.mtime = 0
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() else 0o644
    return member
