"""The `veristone` command: the only place that wires engine, evaluation and output together."""
