"""Every action and the keys it has: the source of bindings, key bar, help, palette and README's table."""
