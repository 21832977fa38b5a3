"""python -m dctnet.report RUN: a training run as one HTML page."""
