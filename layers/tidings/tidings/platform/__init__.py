"""What every domain stands on: settings, database, events, errors, and the entry points' frame."""
