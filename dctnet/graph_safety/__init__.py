"""What stands between a frozen graph from anywhere and this process: its contents are checked, then it is tried in a
process of its own."""
