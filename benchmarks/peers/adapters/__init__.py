"""One file an engine, all of the shape of ``benchmarks.peers.shape.Adapter``; each names its module's ``Engine``."""
