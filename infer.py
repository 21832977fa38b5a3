"""Translate pictures with frozen graphs: `python infer.py --help`. The command itself is dctnet/infer.py."""
from dctnet.infer import command, main

__all__ = ['main']

if __name__ == '__main__':
    command()
