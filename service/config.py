"""Settings of the service."""

import ipaddress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from veristone import ConfigError

__all__ = ["NAME", "ServiceConfig", "Tenant"]

NAME = "veristone.tenant"
"""Key of a request's state: the tenant that sent it, None where nobody knows the token."""


class Tenant(BaseModel):
    """Somebody who may ask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretStr = Field(min_length=16)
    """What it sends as ``Authorization: Bearer TOKEN``."""
    most_waiting: int | None = Field(default=None, ge=1)
    """Samples of it that may wait or run at one time; None: as many as all tenants together."""
    most_sessions: int | None = Field(default=None, ge=0)
    """Sessions of it at one time; None: as many as of all tenants together."""


class ServiceConfig(BaseModel):
    """How a service listens, whom it lets in, and how much it takes on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    """Address to listen on. TLS is a proxy's work: put one in front of any other address."""
    port: int = Field(default=8080, ge=0, le=65535)
    """0: any that is free."""
    uds: Path | None = None
    """Listen on this Unix socket in place of an address."""
    workers: int = Field(default=1, ge=1, le=256)
    """Processes that serve, each with its share of sandboxes; one drives some ten cores."""
    tenants: dict[str, Tenant] = {}
    """Who may ask, by name; none: everybody who reaches the address."""
    most_waiting: int = Field(default=4096, ge=1)
    """Samples that may wait or run at one time; what comes on top is refused at once."""
    deadline_s: float = Field(default=300.0, gt=0)
    """Seconds in which a request is answered that names no deadline of its own."""
    max_body_mib: int = Field(default=64, ge=1)
    """Largest request, and largest line of a batch."""
    max_bodies_mib: int = Field(default=1024, ge=1)
    """Bodies of all requests that are under way, together; a request on top is refused at once."""
    jobs: Path | None = None
    """Folder of jobs, which are gone on with after a restart; None: there are no jobs."""
    max_jobs: int = Field(default=64, ge=1)
    """Jobs that are kept at one time, finished ones too."""
    max_job_mib: int = Field(default=1024, ge=1)
    """Largest file of a job."""
    keep_jobs_s: float = Field(default=7 * 86400.0, ge=0)
    """Seconds after the end of a job in which its results can be had."""
    tasks: dict[str, Path] = {}
    """Files of tasks that are offered as OpenEnv's, by split; see `veristone.service.tasks`."""
    audit: Path | None = None
    """File to which a line is added for each sample: whose it was and how it came out."""
    log: Literal["text", "json"] = "text"
    """`json`: each record of the log is a line of JSON, and each request is one of them."""
    otel: str | None = None
    """Collector of OpenTelemetry, as ``http://HOST:4318``, that spans are sent to."""
    canary_s: float = Field(default=30.0, ge=0)
    """Seconds between two samples with a known verdict that each pool is asked; 0: none is."""
    drain_s: float = Field(default=60.0, ge=0)
    """Seconds that requests under way may take after SIGTERM."""

    def shared(self) -> "ServiceConfig":
        """Return what one of the workers may take on, so that all together take on this."""
        tenants = {
            name: tenant.model_copy(update={"most_waiting": self._share(tenant.most_waiting)})
            for name, tenant in self.tenants.items()
        }
        bounds = {
            "most_waiting": self._share(self.most_waiting),
            "max_bodies_mib": self._share(self.max_bodies_mib),
        }
        return self.model_copy(update={"tenants": tenants, **bounds})

    def _share(self, bound: int | None) -> int | None:
        return None if bound is None else -(-bound // self.workers)

    def told(self) -> dict[str, Any]:
        """Return the settings as a worker is told them: tokens in clear."""
        said = self.model_dump(mode="json")
        for name, tenant in self.tenants.items():
            said["tenants"][name]["token"] = tenant.token.get_secret_value()
        return said

    def most_waiting_of(self, tenant: str) -> int | None:
        """Return how many samples of a tenant may be under way; None: as many as of all."""
        known = self.tenants.get(tenant)
        return known.most_waiting if known is not None else None

    def most_sessions_of(self, tenant: str) -> int | None:
        """Return how many sessions a tenant may have; None: as many as there are."""
        known = self.tenants.get(tenant)
        return known.most_sessions if known is not None else None

    def check_exposure(self) -> None:
        """Raise `ConfigError` where everybody on a network could run code here.

        Raises:
            ConfigError: the address is no loopback address and there are no tenants.
        """
        if self.tenants or self.uds is not None or _is_loopback(self.host):
            return
        raise ConfigError(
            f"host {self.host} can be reached from other machines: give the service tenants with"
            " tokens (--config FILE with [tenants.NAME] token = ...), or leave it at 127.0.0.1"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
