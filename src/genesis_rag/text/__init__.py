"""Pure functions on text: normal forms, language, sentences, numbers and dates, search terms."""
