"""One job under way: its steps are told once each, and each way to end is a clear one."""

import pytest
import torch
from sampling_toys import make_job
from torch import Tensor
from weft_nodes.diffusion.errors import NonFiniteLatentError, SamplingCancelledError, UnknownSamplerError
from weft_nodes.diffusion.runs import Run, StepReport
from weft_nodes.diffusion.samplers import SAMPLERS
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.spaces import FlowSpace


def _drive(run: Run) -> Run:
    run.begin()
    while not run.stopped():
        rows = run.rows
        run.answer(run.denoised(torch.cat([rows.input_BChw] * len(rows.prompts)) * 0.5))
    return run


@pytest.mark.parametrize("in_flow", [False, True])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_step_is_told_once_and_in_order(sampler: str, *, in_flow: bool) -> None:
    space = {"space": FlowSpace(3.0), "sigmas": schedule("simple", FlowSpace(3.0), 8)} if in_flow else {}
    reports: list[StepReport] = []

    _drive(Run(make_job(sampler=sampler, **space), on_step=reports.append))

    assert [report.step for report in reports] == list(range(1, 9))
    assert {report.steps for report in reports} == {8}
    assert all(report.denoised_BChw.shape == (1, 4, 8, 8) for report in reports)


def test_a_custom_program_samples_like_a_named_one() -> None:
    named = _drive(Run(make_job(sampler="heun"))).outcome()

    custom = _drive(Run(make_job(sampler=SAMPLERS["heun"].program))).outcome()

    assert torch.equal(custom, named)


def test_an_unknown_sampler_ends_the_run_before_it_begins() -> None:
    with pytest.raises(UnknownSamplerError):
        Run(make_job(sampler="eulr")).begin()


def test_a_cancelled_run_says_how_far_it_came() -> None:
    run = Run(make_job())
    run.begin()
    run.answer(torch.zeros(1, 4, 8, 8))

    run.cancel()

    assert run.stopped()
    with pytest.raises(SamplingCancelledError, match="1 of 8"):
        run.outcome()


def test_a_cancel_question_is_asked_before_each_evaluation() -> None:
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 3

    run = _drive(Run(make_job(), cancelled=cancelled))

    assert isinstance(run.error, SamplingCancelledError)
    assert len(asked) == 4


def test_an_error_of_the_cancel_question_ends_the_run() -> None:
    def cancelled() -> bool:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        _drive(Run(make_job(), cancelled=cancelled)).outcome()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_answer_that_is_not_finite_is_refused_at_once(value: float) -> None:
    run = Run(make_job(sampler="dpmpp_2m"))
    run.begin()

    with pytest.raises(NonFiniteLatentError, match="step 1 of 8") as caught:
        run.answer(torch.full((1, 4, 8, 8), value))

    assert caught.value.code == "non-finite"
    assert "dpmpp_2m" in caught.value.message


def test_a_reason_given_for_the_end_is_what_is_raised() -> None:
    run = Run(make_job())
    run.begin()

    run.cancel(LookupError("because"))

    assert run.stopped()
    with pytest.raises(LookupError, match="because"):
        run.outcome()


def test_an_unfinished_run_has_no_outcome() -> None:
    with pytest.raises(RuntimeError):
        Run(make_job()).outcome()


def test_a_run_that_has_not_begun_takes_no_answer() -> None:
    with pytest.raises(RuntimeError):
        Run(make_job()).answer(torch.zeros(1))


def test_a_question_is_the_same_for_equal_runs_and_moves_on_with_each_answer() -> None:
    one, other = Run(make_job()), Run(make_job())
    one.begin()
    other.begin()
    first = one.question()

    one.answer(torch.zeros(1, 4, 8, 8))

    assert other.question() == first
    assert one.question() != first


def test_the_sampler_is_closed_when_its_run_fails() -> None:
    closed: list[bool] = []

    def program(_space: object, x: Tensor, sigmas: tuple[float, ...], _noise: object):  # type: ignore[no-untyped-def]  # noqa: ANN202
        try:
            yield x, sigmas[0]
        finally:
            closed.append(True)
        return x

    run = Run(make_job(sampler=program))
    run.begin()
    run.fail(LookupError())

    assert closed == [True]
