"""Why a model's text is refused: each check with its reason, none with a model."""
