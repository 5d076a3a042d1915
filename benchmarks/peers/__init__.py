"""The same passages and questions through other libraries and through ours: ``python -m benchmarks.peers``."""
