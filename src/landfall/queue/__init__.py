"""Which order has something to do, and the loop that does it: leases by the database's clock."""
