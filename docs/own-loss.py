"""A loss of one's own: near zero like the squared loss, far away like the distance, and smooth everywhere."""

from lemmafuzz import loss


@loss(name="pseudo-huber", conclusion="global minimum", smoothness=1.0)
def pseudo_huber(outputs, targets):
    return ((1 + (outputs - targets).square()).sqrt() - 1).sum(-1)
