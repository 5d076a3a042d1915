"""A planted set of true and false claims about the built-in corpus, and how well verification tells them apart."""
