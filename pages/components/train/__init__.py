"""Parts of the page that trains: datasets, the form of a model, runs."""
