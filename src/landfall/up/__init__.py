"""Everything on one machine: database, chain, API and worker, started in order and stopped in
order.
"""
