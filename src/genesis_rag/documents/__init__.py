"""One loader a format: the bytes of a file -> Document (text, sections with heading path, page and kind, exact offsets)."""
