from slipway.watch.tally import Answer, Tally
from slipway.watch.window import Kind, Second

END = float("inf")


def counted(*answers: Answer, kind: Kind = "plain", slow_ms: float | None = 500) -> list[Second]:
    tally = Tally(slow_ms)
    tally.add(answers)
    return tally.seconds("api", kind, -END, END)


def test_requests_are_counted_in_the_second_they_began() -> None:
    found = counted(Answer(3.2, "api", 200, 10), Answer(3.9, "api", 500, 10), Answer(4.0, "api", 200, 900))
    assert found == [Second(3, requests=2, failed=1, timed=1), Second(4, requests=1, timed=1, slow=1)]


def test_a_slow_request_belongs_to_the_release_that_served_when_it_began() -> None:
    tally = Tally(500)
    tally.add([Answer(-0.5, "api", 200, 4000), Answer(5, "api", 200, 1)])
    assert tally.seconds("api", "plain", 3, END) == [Second(5, requests=1, timed=1)]
    assert tally.seconds("api", "plain", -60, 0) == [Second(-1, requests=1, timed=1, slow=1)]


def test_faults_of_clients_are_no_failures() -> None:
    assert counted(*(Answer(1, "api", status, 5) for status in (400, 401, 404, 413, 422))) == [Second(1, requests=5, timed=5)]


def test_a_client_that_gave_up_is_no_request_but_its_wait_is_known() -> None:
    assert counted(Answer(1, "api", 499, 3000)) == [Second(1, timed=1, slow=1)]


def test_what_the_edge_answered_itself_is_not_counted() -> None:
    assert counted(Answer(1, "api", 429), Answer(1, "api", 403), Answer(1, "api", 502)) == []


def test_a_failure_counts_as_one_and_its_time_does_not_count() -> None:
    assert counted(Answer(1, "api", 502, 0.1), Answer(1, "api", 504, 60_000)) == [Second(1, requests=2, failed=2)]


def test_websockets_and_long_answers_are_kept_out_of_the_times() -> None:
    answers = (Answer(1, "api", 101, 60_000), Answer(1, "api", 200, 30_000, "stream"), Answer(1, "api", 503, 1, "stream"))
    assert counted(*answers) == []
    assert counted(*answers, kind="stream") == [Second(1, requests=3, failed=1)]


def test_without_a_bound_nothing_is_slow() -> None:
    assert counted(Answer(1, "api", 200, 60_000), slow_ms=None) == [Second(1, requests=1, timed=1)]


def test_a_million_requests_take_no_more_room_than_their_seconds() -> None:
    tally = Tally()
    tally.add(Answer(index / 1000, "api", 200, 1) for index in range(100_000))
    assert len(tally.counted["api", "plain"]) == 100
    assert sum(second.requests for second in tally.seconds("api", "plain", 0, END)) == 100_000


def test_what_began_long_ago_can_be_forgotten() -> None:
    tally = Tally()
    tally.add([Answer(1, "api", 200, 1), Answer(5, "api", 200, 1), Answer(9, "web", 200, 1)])
    tally.forget(5)
    assert [second.at for second in tally.seconds("api", "plain", -END, END)] == [5]
    assert [second.at for second in tally.seconds("web", "plain", -END, END)] == [9]
