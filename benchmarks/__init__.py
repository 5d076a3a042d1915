"""Scripts that produce every figure of the README; ``python -m benchmarks`` runs them all."""
