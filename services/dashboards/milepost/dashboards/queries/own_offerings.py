"""What an instructor is shown: rows of own offerings, in SQL. Every such read is made with this."""

from milepost.dashboards.projections.offering_instructors import OFFERING_INSTRUCTORS
from milepost.events.projections.read_model import ReadModel

# `:instructor` is the subject of a token.
_OWN = """from dashboards.offering_instructor own
    where own.tenant = :tenant and own.instructor = :instructor and own.assigned_at is not null"""

# Of few rows, with a column `offering`.
IN_OWN_OFFERINGS = f"offering = any(array(select own.offering {_OWN}))"
# In a select that `of_each_own` is given.
IN_THIS_OFFERING = "offering = each_own.own_offering"


def of_each_own(sql: str, order_by: str) -> str:
    """The first `:limit` rows of all own offerings, where `sql` selects the first of one of them.

    Each is a short walk along the index that begins with the offering. One condition for all would
    walk through the whole school, in the page's order, for who teaches little or nothing.
    """
    return f"""select shown.* from (select own.offering as own_offering {_OWN}) each_own
        cross join lateral ({sql}) shown order by {order_by} limit :limit"""


def models_for(models: tuple[ReadModel, ...], instructor: str | None) -> tuple[ReadModel, ...]:
    """With the model that says what is own, where that is asked. Others do not wait for it."""
    return models if instructor is None else (*models, OFFERING_INSTRUCTORS)
