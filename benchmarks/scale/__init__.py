"""How recall, time and memory of this machine's index grow from 10 thousand to a million chunks."""
