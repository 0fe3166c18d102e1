"""The real engine in virtual time, against a simulated cluster, network and database.

One seed is one history. `world` joins the parts, `weather` says what goes wrong, `oracle` judges
from the ledger, the tables and the clients' journal, never from what the engine says of itself.
"""
