"""Arithmetic on pictures and masks: resizing, blending, filters and lettering. No nodes."""
