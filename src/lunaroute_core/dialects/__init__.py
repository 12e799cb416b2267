"""The wire dialects: one subpackage each, all offering the same `Codec`."""
