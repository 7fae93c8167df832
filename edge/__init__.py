"""What both APIs share at the HTTP edge, and the gateway in front of them."""
