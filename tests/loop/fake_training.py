"""Stands in front of a training step, as a launcher does, where there is no torch.

The data is read and checked as training does, and the model's folder is made: what later steps ask
is served by a fake anyway.
"""

import json
import sys
from pathlib import Path

from veristone.training.finetune.data import survey
from veristone.training.finetune.presets import load_settings
from veristone.training.finetune.template import load_template


def train(file: Path) -> None:
    """Do a step's training."""
    step = json.loads(file.read_text())
    dataset = Path(step["inputs"]["dataset"]).absolute()
    more = {"data": (dataset,), "model": step["inputs"]["model"]}
    settings = load_settings(step["settings"]["preset"], (), more)
    found = survey(settings, load_template(settings.template))
    assert found.kept, "nothing to learn from"
    model = Path(step["outputs"]["model"])
    model.mkdir(parents=True, exist_ok=True)
    (model / "rows.json").write_text(json.dumps({"kept": found.kept, "read": found.read}))
    print(f"{found.kept} rows")


if __name__ == "__main__":
    train(Path(sys.argv[-1]))
