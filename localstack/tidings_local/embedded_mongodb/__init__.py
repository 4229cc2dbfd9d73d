"""SecantusDB, the embedded MongoDB, with slow parts replaced.

Each replaced part made a command slower with the amount of data, or took most of a write's CPU
time, in 0.7.0b3 but not in a MongoDB.
The results of commands stay the same (docs/embedded-mongodb.md).
"""
