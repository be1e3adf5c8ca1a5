"""The small diffusion model that ships with weft, and how it was drawn for, trained and measured."""
