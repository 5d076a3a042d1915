"""The command line: `ask` and `genesis-rag`, one file a command."""
