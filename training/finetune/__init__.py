"""Supervised fine-tuning: settings, the prompt template, the data, and the trainer.

Importing this package, its settings, its template and its data needs no torch; `trainer` and what
it uses do (the extra `train`). Several devices are the business of accelerate: every process of a
launch runs the same code.
"""

from veristone.training.finetune.config import Lora, Settings
from veristone.training.finetune.presets import load_settings, preset_names
from veristone.training.finetune.template import Template, load_template

__all__ = [
    "Lora",
    "Settings",
    "Template",
    "load_settings",
    "load_template",
    "preset_names",
]
