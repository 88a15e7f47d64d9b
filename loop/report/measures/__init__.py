"""What the report computes. Pure, bounded in memory, and the same for the same files."""
