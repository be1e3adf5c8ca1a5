"""Networks that enlarge pictures, a module each, built from the names and shapes in their files.

`recognition` tells them apart; what is theirs alone (names of tensors, order of layers) stays with each.
"""
