from service.queue.messages import (
    DoJob,
    ExpandLinks,
    QueueName,
    RunHandler,
    SettleApp,
    TellHandler,
    actor_of,
    arguments_of,
    queue_of,
)


def test_each_doorbell_has_its_queue_its_actor_and_its_arguments_in_the_actors_order() -> None:
    bells = (
        SettleApp("main", "app"),
        ExpandLinks("main"),
        RunHandler("ops"),
        TellHandler("ops"),
        DoJob("retention", ""),
    )
    told = [(queue_of(bell), actor_of(bell), arguments_of(bell)) for bell in bells]
    assert told == [
        (QueueName.SETTLE, "settle", ("main", "app")),
        (QueueName.SETTLE, "expand", ("main",)),
        (QueueName.RUN, "run", ("ops",)),
        (QueueName.RUN, "tell", ("ops",)),
        (QueueName.JOB, "job", ("retention", "")),
    ]


def test_equal_doorbells_are_one() -> None:
    assert len({SettleApp("main", "app"), SettleApp("main", "app"), SettleApp("main", "other")}) == 2
