"""Other services' APIs, at the paths their clients use.

A dialect is pure functions, a request into a sample and a verdict into a reply, and routes that put
the verifier between them. What a dialect cannot say stays unsaid: nothing is computed from a
reply. Where there is no verdict, each answers what makes its own clients ask again.
"""

from veristone.service.dialects import (
    code_exec_server,
    e2b,
    judge0,
    nemo_gym,
    nemo_skills,
    online_judge,
    open_instruct,
    open_r1,
    openenv,
    piston,
    rewards,
    sandbox_fusion,
)
from veristone.service.dialects.base import Dialect

__all__ = ["DIALECTS"]

DIALECTS: tuple[Dialect, ...] = (
    sandbox_fusion.DIALECT,
    online_judge.DIALECT,
    piston.DIALECT,
    code_exec_server.DIALECT,
    open_instruct.DIALECT,
    judge0.DIALECT,
    nemo_skills.DIALECT,
    rewards.DIALECT,
    nemo_gym.DIALECT,
    e2b.DIALECT,
    open_r1.DIALECT,
    openenv.DIALECT,
)
