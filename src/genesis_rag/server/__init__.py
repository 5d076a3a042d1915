"""The web endpoint: the page, the JSON API and the JSON form that the command line shares."""
