"""`GET /metrics`: figures for Prometheus, for whoever carries the admin token (CONTRACT §5)."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.web.access import require_admin
from service.web.gauges import gauges_of
from service.web.lifespan import WebState


class _Scrape(Collector):
    """One answer: what this process counted, and the relay's gauges of this moment."""

    def __init__(self, counted: CollectorRegistry, gauges: Iterable[Metric]) -> None:
        self._counted, self._gauges = counted, gauges

    def collect(self) -> Iterator[Metric]:
        yield from self._counted.collect()
        yield from self._gauges


async def metrics(request: Request[WebState]) -> Response:
    """404 where no token is set, 401 for a wrong one; also when Postgres is away there is an answer."""
    require_admin(request.scope)
    look = await request.state["prober"].look()
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    content = encode(_Scrape(request.state["metrics"].registry, gauges_of(look)))
    return Response(content, headers={"content-type": content_type, "cache-control": "no-store"})


def metrics_route() -> Route:
    return Route("/metrics", metrics)
