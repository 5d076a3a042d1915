"""Ask in Japanese or English over your own documents; every sentence of the answer cites the exact words."""

__version__ = "0.1.0"
