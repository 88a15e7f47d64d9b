"""What models write, taken apart by grammars. Nothing here judges, and no text makes it fail."""
