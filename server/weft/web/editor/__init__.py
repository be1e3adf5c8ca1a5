"""The editor as the server hands it out: its files, and the page that loads them."""
