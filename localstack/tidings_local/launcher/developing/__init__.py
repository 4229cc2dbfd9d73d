"""Tests, checks, measurements, and `make dev`."""
