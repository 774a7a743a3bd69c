"""Wiring of the dashboards service, nothing else."""

from milepost.dashboards.api import me
from milepost.dashboards.api.routes import routes
from milepost.dashboards.live import api as live
from milepost.dashboards.pages.attainment import api as attainment
from milepost.dashboards.pages.catalog import api as catalog
from milepost.dashboards.pages.groups import api as groups
from milepost.dashboards.pages.issuing import api as issuing
from milepost.dashboards.pages.learner import api as learner
from milepost.dashboards.pages.office import api as office
from milepost.dashboards.pages.teaching import api as teaching
from milepost.dashboards.read_models import READ_MODELS
from milepost.web.learner_rows import learner_rows
from milepost.web.room import Context, Room, Service


def service(context: Context) -> Service:
    return Service(
        name="dashboards",
        routes=(
            routes(context.pool, context.transactor, context.clock),
            me.routes(context.pool),
        ),
    )


def learner_pages(context: Context) -> Service:
    return Service(name="learner-pages", routes=(learner.router(context),))


def teaching_pages(context: Context) -> Service:
    return Service(name="teaching-pages", routes=(teaching.routes(context),))


def office_pages(context: Context) -> Service:
    return Service(name="office-pages", routes=(office.routes(context),))


def catalog_pages(context: Context) -> Service:
    return Service(name="catalog-pages", routes=(catalog.router(context.pool),))


def issuing_pages(context: Context) -> Service:
    return Service(name="issuing-pages", routes=(issuing.router(context.pool),))


def groups_pages(context: Context) -> Service:
    return Service(name="groups-pages", routes=(groups.routes(context),))


def attainment_pages(context: Context) -> Service:
    return Service(name="attainment-pages", routes=(attainment.routes(context),))


ROOM = Room(
    "dashboards",
    services=(
        service,
        live.service,
        learner_pages,
        teaching_pages,
        office_pages,
        catalog_pages,
        issuing_pages,
        groups_pages,
        attainment_pages,
    ),
    read_models=READ_MODELS,
    personal_data=(learner_rows(READ_MODELS, "What is shown on pages."),),
)
