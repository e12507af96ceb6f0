"""Every question that the API answers: the routes, the document and its page are made from this table."""

from service.web.api.alarms import ALARMS
from service.web.api.budgets import BUDGETS
from service.web.api.changes import CHANGES
from service.web.api.deliveries import DELIVERIES
from service.web.api.handlers import HANDLERS
from service.web.api.registrations import REGISTRATIONS
from service.web.api.runs import RUNS

OPERATIONS = (*DELIVERIES, *CHANGES, *RUNS, *REGISTRATIONS, *ALARMS, *HANDLERS, *BUDGETS)
