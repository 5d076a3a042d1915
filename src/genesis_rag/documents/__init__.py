"""One loader a format: bytes -> Document (text, sections with heading path, page and kind, exact offsets)."""
