"""The verifier behind HTTP: `veristone serve`.

    engine ◄── admission ◄── native (/v1) and dialects (other services' paths) ◄── HTTP

`admission` decides who may wait and for how long; a dialect is a pure translation of another
service's requests into samples and of verdicts into its replies. Nothing here judges.
"""

from veristone.service.app import Service
from veristone.service.config import ServiceConfig
from veristone.service.serve import serve

__all__ = ["Service", "ServiceConfig", "serve"]
