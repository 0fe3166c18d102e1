"""A place in the log across orders, and the workers that are alive."""

from alembic import op

from landfall.statements import load_statements

revision = "0003"
down_revision = "0002"

_HERE = "landfall.store.migrations.versions"


def upgrade() -> None:
    """Run every statement of the file beside this one, in order."""
    for statement in load_statements(_HERE, "v0003_order_of_commits.sql").values():
        op.get_bind().exec_driver_sql(statement)
