"""The campaign of faults: `make torture`."""
