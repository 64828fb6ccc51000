"""Hypothesis strategies for what the paper says "for all" about: sizes, radii, data sets, labels, whole instances."""

from strategies.corners import Corner, corners, indices_most
from strategies.data import ALL_SHAPES, FAULTY_SHAPES, SHAPES, SPHERE_SHAPES, Shape, check_data, closest_pair, data_set, separation
from strategies.instances import data_sets, instance_from_sizes, instances, label_sets
from strategies.labels import LABELS, label_set
from strategies.sizes import radii, sizes

__all__ = [
    "ALL_SHAPES",
    "FAULTY_SHAPES",
    "LABELS",
    "SHAPES",
    "SPHERE_SHAPES",
    "Corner",
    "Shape",
    "check_data",
    "closest_pair",
    "corners",
    "data_set",
    "data_sets",
    "indices_most",
    "instance_from_sizes",
    "instances",
    "label_set",
    "label_sets",
    "radii",
    "separation",
    "sizes",
]
