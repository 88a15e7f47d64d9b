"""A tiny base model and its data, made once."""

from pathlib import Path

import pytest
from finetune_models import need_torch, rows_of, write_jsonl, write_model


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random StarCoder2 of 2 layers whose own dropouts are 0.1; skips where torch is missing."""
    need_torch()
    return write_model(tmp_path_factory.mktemp("base"))


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """48 samples of 12 prompts, of different lengths."""
    return write_jsonl(tmp_path / "rows.jsonl", rows_of(48))
