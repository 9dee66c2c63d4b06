"""The registry: what is counted, under which labels, and that Prometheus' own reader understands it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from engine.figures import Histogram
from engine.metrics import Family, Metrics


def shown(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample, by name and labels, as Prometheus' own reader has it."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for each in families for sample in each.samples}


def labels(**labels: str) -> tuple[tuple[str, str], ...]:
    """As `shown` has them."""
    return tuple(sorted(labels.items()))


def test_requests_are_counted_by_method_type_and_status_class() -> None:
    metrics = Metrics(["books"])
    metrics.request("GET", "books", 200, 0.0007)
    metrics.request("GET", "books", 204, 0.2)
    metrics.request("POST", "books", 422, 20.0)
    found = shown(metrics)
    of_gets = {"method": "GET", "type": "books", "status": "2xx"}
    assert found["hoster_request_seconds_count", labels(**of_gets)] == 2
    assert found["hoster_request_seconds_bucket", labels(**of_gets, le="0.001")] == 1
    assert found["hoster_request_seconds_bucket", labels(**of_gets, le="0.25")] == 2
    assert abs(found["hoster_request_seconds_sum", labels(**of_gets)] - 0.2007) < 1e-9
    of_posts = {"method": "POST", "type": "books", "status": "4xx"}
    assert found["hoster_request_seconds_bucket", labels(**of_posts, le="10")] == 0
    assert found["hoster_request_seconds_bucket", labels(**of_posts, le="+Inf")] == 1


def test_no_caller_can_add_a_time_series() -> None:
    metrics = Metrics(["books"])
    for number in range(1000):
        metrics.request(f"M{number}", f'made-up-{number}"\n', 404, 0.001)
    metrics.request("GET", "books", 200, 0.001)
    counts = {key: value for key, value in shown(metrics).items() if key[0] == "hoster_request_seconds_count"}
    assert counts == {
        ("hoster_request_seconds_count", labels(method="other", type="other", status="4xx")): 1000,
        ("hoster_request_seconds_count", labels(method="GET", type="books", status="2xx")): 1,
    }
    assert len(metrics._requests) == 2


def test_labels_may_hold_anything_and_numbers_are_exact() -> None:
    metrics = Metrics(())
    metrics.add(lambda: [Family("odd", "gauge", "Odd.", (({"name": 'a"b\\c\nd'}, 2**53),))])
    metrics.watch("streams", "Open streams.", lambda: 0.5)
    found = shown(metrics)
    assert found["odd", labels(name='a"b\\c\nd')] == 2**53
    assert found["streams", ()] == 0.5


def test_a_value_on_a_bound_counts_below_it() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (1.0, 1.5, 2.0, 2.1):
        histogram.add(value)
    assert histogram.counts == [1, 2, 1]
    assert histogram.count == 4
