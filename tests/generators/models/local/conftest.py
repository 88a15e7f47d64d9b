"""The tiny model, trained once."""

from pathlib import Path

import pytest
from local_models import need

from training.tiny.model import SMALL, make_tiny_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model that writes in the right form; skips where torch is missing."""
    need("torch", "transformers")
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny-starcoder2", preset=SMALL)
