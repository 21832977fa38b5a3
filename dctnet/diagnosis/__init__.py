"""What python -m dctnet.doctor asks and measures: facts, findings, one training step."""
