"""Why a model's text is refused: one check a file, each with its reason, none with a model."""
