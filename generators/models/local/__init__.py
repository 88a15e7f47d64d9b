"""Models that run in this process: vLLM, and Hugging Face transformers."""
