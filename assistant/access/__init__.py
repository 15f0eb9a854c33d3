"""Access: who may come in, how much they may ask, and what goes with every response."""
