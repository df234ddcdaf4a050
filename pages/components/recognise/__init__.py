"""Parts of the page that classifies drawings and photos."""
