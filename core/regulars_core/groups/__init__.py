"""Customer groups: whom the same terms apply to. Every customer is in exactly one; a default one exists from the start."""
