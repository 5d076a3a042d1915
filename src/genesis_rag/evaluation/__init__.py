"""Measures the whole path against a fixed set of questions: no network, no judge model, the same figures every time."""
