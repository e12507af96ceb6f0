"""What providers can do. Pure."""

WITH_WEBHOOKS = frozenset({"fusioo"})
"""Those whose API makes webhooks. Onspring's has none: people set up REST outcomes there."""
