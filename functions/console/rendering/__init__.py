"""Turn the views of pages into HTML."""
