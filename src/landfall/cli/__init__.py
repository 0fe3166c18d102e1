"""The command line: a client for orders, and the doors to every process of the engine.

`app.py` lists the commands, which are in `orders.py`, `running.py`, `operating.py` and `keys.py`.
Each imports what it needs when it runs, so that placing an order does not wait for parts that it
does not use.
"""

from landfall.cli.app import main

__all__ = ["main"]
