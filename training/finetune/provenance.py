"""What a result was made from and with, for the journal."""

import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from veristone import __version__
from veristone.training.finetune.data import Prepared

__all__ = ["data_record", "device_name", "versions"]

_PACKAGES = ("torch", "transformers", "accelerate", "peft", "tokenizers", "deepspeed")


def versions() -> dict[str, str]:
    """Return the versions of everything that touches the numbers."""
    found = {"veristone": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def data_record(prepared: Prepared) -> dict[str, Any]:
    """Return what was read, what was left out and why, and what is left."""
    survey = prepared.survey
    return {
        "files": [asdict(file) for file in survey.files],
        "digest": survey.digest,
        "read": survey.read,
        "refused": dict(sorted(survey.refused.items())),
        "train_samples": prepared.train_samples,
        "train_rows": len(prepared.train),
        "train_tokens": prepared.train_tokens,
        "learnt_tokens": prepared.learnt_tokens,
        "evaluation_samples": sum(len(row) for row in prepared.evaluation),
    }


def device_name(device: Any) -> str:
    """Return what the user calls a device: a GPU by its model."""
    import torch

    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"cpu ({platform.machine()})"
