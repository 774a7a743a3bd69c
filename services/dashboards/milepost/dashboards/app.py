"""Wiring of the dashboards service, nothing else."""

from milepost.dashboards.api import me
from milepost.dashboards.api.routes import routes
from milepost.dashboards.read_models import READ_MODELS
from milepost.web.learner_rows import learner_rows
from milepost.web.room import Context, Room, Service


def service(context: Context) -> Service:
    return Service(name="dashboards", routes=(routes(context.pool), me.routes(context.pool)))


ROOM = Room(
    "dashboards",
    services=(service,),
    read_models=READ_MODELS,
    personal_data=(learner_rows(READ_MODELS, "What is shown on pages."),),
)
