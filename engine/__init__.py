"""The verifier: an asyncio core that drives hardened sandboxes and judges outside of them."""

from engine.config import EngineConfig
from engine.engine import Engine

__all__ = ["Engine", "EngineConfig"]
