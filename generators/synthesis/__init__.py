"""From seeds to verified instruction data: stages ask a model, the last one asks a verifier."""
