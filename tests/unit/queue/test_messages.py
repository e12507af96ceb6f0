from service.queue.messages import DoJob, QueueName, RunHandler, SettleApp, arguments_of, queue_of


def test_each_doorbell_has_its_queue_and_its_arguments_in_the_actors_order() -> None:
    told = [
        (queue_of(bell), arguments_of(bell))
        for bell in (SettleApp("main", "app"), RunHandler("ops"), DoJob("retention", ""))
    ]
    assert told == [
        (QueueName.SETTLE, ("main", "app")),
        (QueueName.RUN, ("ops",)),
        (QueueName.JOB, ("retention", "")),
    ]


def test_equal_doorbells_are_one() -> None:
    assert len({SettleApp("main", "app"), SettleApp("main", "app"), SettleApp("main", "other")}) == 2
