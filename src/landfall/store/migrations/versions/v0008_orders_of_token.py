"""Orders by the tokens they trade."""

from alembic import op

from landfall.statements import load_statements

revision = "0008"
down_revision = "0007"

_HERE = "landfall.store.migrations.versions"


def upgrade() -> None:
    """Run every statement of the file beside this one, in order."""
    for statement in load_statements(_HERE, "v0008_orders_of_token.sql").values():
        op.get_bind().exec_driver_sql(statement)
