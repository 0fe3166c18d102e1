"""Everything on one machine: database, chain, worker and API, each a process, started in order and
stopped in order.
"""
