"""What is told of an error, below the API and elsewhere."""

import pytest

from service.web.problems import describe_error


@pytest.mark.parametrize("path", ["/webhooks/fusioo/key", "/health", "/api", "/apis/v1"])
def test_elsewhere_it_is_a_line(path: str) -> None:
    assert describe_error(path, 404, "no such key", {}) == ({"error": "no such key"}, b"application/json")


def test_the_api_tells_a_problem() -> None:
    told, media_type = describe_error("/api/v1/runs", 400, "limit: is wrong", {"parameter": "limit"})
    assert media_type == b"application/problem+json"
    assert told == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "limit: is wrong",
        "parameter": "limit",
    }


def test_a_problem_without_a_word_says_its_title() -> None:
    told, _ = describe_error("/api/v1/runs", 404, "", {})
    assert told["detail"] == told["title"] == "Not Found"
