"""Tiny random pipelines of families with transformers, one module each; `tiny_models` names them."""
