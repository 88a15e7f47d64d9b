"""Other services' APIs, at the paths their clients use.

A dialect is two pure functions, a request into a sample and a verdict into a reply, and routes that
put the verifier between them. What a dialect cannot say stays unsaid: nothing is computed from a
reply. Where there is no verdict, each answers what makes its own clients ask again.
"""

from veristone.service.dialects import code_exec_server, piston, sandbox_fusion

__all__ = ["DIALECTS"]

DIALECTS = [*sandbox_fusion.ROUTES, *piston.ROUTES, *code_exec_server.ROUTES]
