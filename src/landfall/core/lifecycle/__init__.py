"""The life of an order: a table of transitions, a fold over its log, and who may try again."""
