"""The mathematics of sampling: spaces, schedules, samplers, guidance, denoiser and batcher.

Nothing here knows a model family, a node or a file: a network is only ever "something that predicts",
and a sampler is only ever arithmetic over floats and tensors.
"""
