"""What an operator says of a detection model of their own, and that they may use it.

Reads and judges entries only; no pixels and no network, so that a server which checks a policy needs no
inference library. What runs the model is `gateway.detection.own_detector`.
"""
