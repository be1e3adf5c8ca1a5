"""What the API says of itself: the OpenAPI description, and a page to read it on."""
