"""Which history of the database was held against the chain."""

from alembic import op

from landfall.statements import load_statements

revision = "0009"
down_revision = "0008"

_HERE = "landfall.store.migrations.versions"


def upgrade() -> None:
    """Run every statement of the file beside this one, in order."""
    for statement in load_statements(_HERE, "v0009_lineage.sql").values():
        op.get_bind().exec_driver_sql(statement)
