"""The read models there are. A projector feeds them; `milepost projections` lists and rebuilds."""

from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.credential_registry import CREDENTIAL_REGISTRY
from milepost.dashboards.projections.groups import GROUPS
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.projections.offering_days import OFFERING_DAYS
from milepost.dashboards.projections.offering_instructors import OFFERING_INSTRUCTORS
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY

READ_MODELS = (
    CATALOG,
    LEARNER_OVERVIEW,
    OFFERING_SUMMARY,
    OFFERING_DAYS,
    OFFERING_INSTRUCTORS,
    CREDENTIAL_REGISTRY,
    GROUPS,
)
