"""The verifier: an asyncio core that drives hardened sandboxes and judges outside of them."""

from veristone.engine.config import EngineConfig
from veristone.engine.engine import Engine

__all__ = ["Engine", "EngineConfig"]
