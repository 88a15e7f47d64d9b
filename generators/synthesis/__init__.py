"""From seeds to verified instruction data: stages that ask a model, and one that asks a verifier."""
