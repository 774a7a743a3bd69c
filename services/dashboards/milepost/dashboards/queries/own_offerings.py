"""What an instructor is shown: rows of own offerings. The condition that every such read has."""

from milepost.dashboards.projections.offering_instructors import OFFERING_INSTRUCTORS
from milepost.events.projections.read_model import ReadModel

# Of rows with a column `offering`; `:instructor` is the subject of a token. As an array, it goes
# through the indexes that begin with the offering.
IN_OWN_OFFERINGS = """offering = any(array(
        select own.offering from dashboards.offering_instructor own
        where own.tenant = :tenant and own.instructor = :instructor
          and own.assigned_at is not null))"""


def models_for(models: tuple[ReadModel, ...], instructor: str | None) -> tuple[ReadModel, ...]:
    """With the model that says what is own, where that is asked. Others do not wait for it."""
    return models if instructor is None else (*models, OFFERING_INSTRUCTORS)
