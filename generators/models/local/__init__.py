"""Models that run in this process: vLLM, and Hugging Face transformers.

Importing this package imports neither torch nor vLLM; opening a model does.
"""

from veristone.generators.models.local.transformers import TransformersModel
from veristone.generators.models.local.vllm import VLLMModel

__all__ = ["TransformersModel", "VLLMModel"]
