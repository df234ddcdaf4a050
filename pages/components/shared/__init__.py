"""What all pages use: settings in the URL, memory over reloads, HTML, jobs, choosing runs."""
