"""What runs next: priority, age, warm models within bounds, and suspects alone."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from weft.jobs.dispatch import MOST_PASSED_OVER, WINDOW, Choice, Place, choose
from weft.jobs.records import Job

MOST = 8


def _job(number: int, *models: str, priority: int = 0, deaths: int = 0, passed_over: int = 0) -> Job:
    return Job(
        id=f"job-{number}",
        number=number,
        owner="local",
        name="",
        state="queued",
        priority=priority,
        affinity=models,
        deaths=deaths,
        passed_over=passed_over,
    )


def _place(name: str = "worker-1", *warm: str, load: int = 0, is_exclusive: bool = False) -> Place:
    return Place(name, load, is_exclusive, frozenset(warm))


def _chosen(choice: Choice | None) -> tuple[int, str] | None:
    return None if choice is None else (choice.job.number, choice.worker)


def test_nothing_starts_without_a_job() -> None:
    assert choose([], [_place()], most=MOST) is None


def test_nothing_starts_without_a_worker() -> None:
    assert choose([_job(1)], [], most=MOST) is None


def test_nothing_starts_on_a_worker_that_runs_as_many_jobs_as_it_may() -> None:
    assert choose([_job(1)], [_place(load=MOST)], most=MOST) is None


def test_the_first_of_the_queue_runs_next() -> None:
    queue = [_job(5, priority=3), _job(2), _job(3)]

    assert _chosen(choose(queue, [_place()], most=MOST)) == (5, "worker-1")


def test_the_worker_with_the_least_to_do_is_taken() -> None:
    places = [_place("worker-1", load=2), _place("worker-2", load=1)]

    assert _chosen(choose([_job(1)], places, most=MOST)) == (1, "worker-2")


def test_a_job_goes_where_its_models_are() -> None:
    places = [_place("worker-1", "sdxl"), _place("worker-2", "flux")]

    assert _chosen(choose([_job(1, "flux")], places, most=MOST)) == (1, "worker-2")


def test_a_job_whose_models_are_nowhere_displaces_as_few_others_as_it_can() -> None:
    places = [_place("worker-1", "sdxl"), _place("worker-2")]

    assert _chosen(choose([_job(1, "flux")], places, most=MOST)) == (1, "worker-2")


def test_a_worker_with_the_models_but_much_more_to_do_is_not_taken() -> None:
    places = [_place("worker-1", "flux", load=6), _place("worker-2")]

    assert _chosen(choose([_job(1, "flux")], places, most=MOST)) == (1, "worker-2")


def test_a_younger_job_whose_models_are_loaded_goes_first() -> None:
    queue = [_job(1, "flux"), _job(2, "sdxl")]

    assert _chosen(choose(queue, [_place("worker-1", "sdxl")], most=MOST)) == (2, "worker-1")


def test_a_job_needs_all_of_its_models_loaded_to_go_first() -> None:
    queue = [_job(1, "flux"), _job(2, "lora", "sdxl")]

    assert _chosen(choose(queue, [_place("worker-1", "sdxl")], most=MOST)) == (1, "worker-1")


def test_a_job_without_models_does_not_go_first_for_that() -> None:
    queue = [_job(1, "flux"), _job(2)]

    assert _chosen(choose(queue, [_place("worker-1", "sdxl")], most=MOST)) == (1, "worker-1")


def test_loaded_models_do_not_outweigh_priority() -> None:
    queue = [_job(2, "flux", priority=1), _job(1, "sdxl")]

    assert _chosen(choose(queue, [_place("worker-1", "sdxl")], most=MOST)) == (2, "worker-1")


def test_a_job_that_was_passed_over_often_enough_goes_next() -> None:
    queue = [_job(1, "flux", passed_over=MOST_PASSED_OVER), _job(2, "sdxl")]

    assert _chosen(choose(queue, [_place("worker-1", "sdxl")], most=MOST)) == (1, "worker-1")


def test_nobody_in_between_is_passed_over_too_often_either() -> None:
    queue = [_job(1, "flux"), _job(2, "flux", passed_over=MOST_PASSED_OVER), _job(3, "sdxl")]

    assert _chosen(choose(queue, [_place("worker-1", "sdxl")], most=MOST)) == (1, "worker-1")


def test_only_the_head_of_the_queue_is_searched_for_loaded_models() -> None:
    queue = [*(_job(number, "flux") for number in range(1, WINDOW + 1)), _job(99, "sdxl")]

    assert _chosen(choose(queue, [_place("worker-1", "sdxl")], most=MOST)) == (1, "worker-1")
    assert _chosen(choose(queue[1:], [_place("worker-1", "sdxl")], most=MOST)) == (99, "worker-1")


def test_a_suspect_runs_on_an_idle_worker() -> None:
    places = [_place("worker-1", load=1), _place("worker-2")]

    assert _chosen(choose([_job(1, deaths=1)], places, most=MOST)) == (1, "worker-2")


def test_nothing_joins_a_suspect() -> None:
    assert choose([_job(2)], [_place(load=1, is_exclusive=True)], most=MOST) is None


def test_a_worker_takes_nothing_new_while_a_suspect_waits_for_it() -> None:
    assert choose([_job(1, deaths=1), _job(2)], [_place(load=1)], most=MOST) is None


def test_the_other_workers_go_on_while_a_suspect_waits_for_one() -> None:
    places = [_place("worker-1", load=1), _place("worker-2", load=3)]

    assert _chosen(choose([_job(1, deaths=1), _job(2)], places, most=MOST)) == (2, "worker-2")


def test_a_suspect_is_not_preferred_for_its_models() -> None:
    queue = [_job(1, "flux"), _job(2, "sdxl", deaths=1)]

    assert _chosen(choose(queue, [_place("worker-1", "sdxl")], most=MOST)) == (1, "worker-1")


class _Simulation:
    """A queue and workers, with the counting of who was overtaken that the ledger does."""

    def __init__(self, workers: int) -> None:
        self.queue: list[Job] = []
        self.running: dict[str, list[Job]] = {f"worker-{index}": [] for index in range(workers)}
        self.warm: dict[str, frozenset[str]] = dict.fromkeys(self.running, frozenset())

    def start_all(self) -> None:
        while (choice := choose(self.queue, self._places(), most=2)) is not None:
            self.queue = [
                replace(job, passed_over=job.passed_over + int(job.number < choice.job.number))
                for job in self.queue
                if job is not choice.job
            ]
            self.running[choice.worker].append(choice.job)
            self.warm[choice.worker] = frozenset(choice.job.affinity)

    def _places(self) -> list[Place]:
        return [
            Place(name, len(jobs), any(job.deaths for job in jobs), self.warm[name])
            for name, jobs in self.running.items()
        ]


@settings(max_examples=40)
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_no_job_is_ever_passed_over_more_often_than_allowed(chance: random.Random, workers: int) -> None:
    world = _Simulation(workers)
    rounds = 0
    while rounds < 60 or world.queue:
        if rounds < 60:
            # Mostly one model, so that its jobs always have a warm worker to go first to.
            model = chance.choices(["flux", "sdxl", "sd"], [8, 1, 1])[0]
            world.queue.append(_job(rounds, model, deaths=int(chance.random() < 0.05)))
        world.start_all()
        # While a suspect waits for an idle worker, others go on elsewhere; that is no passing over.
        watched = [job for job in world.queue if not job.deaths or workers == 1]
        assert all(job.passed_over <= MOST_PASSED_OVER for job in watched)
        for jobs in world.running.values():
            if jobs and chance.random() < 0.5:
                jobs.pop(chance.randrange(len(jobs)))
        rounds += 1

        assert rounds < 1000
