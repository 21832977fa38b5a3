"""Train a stage of DCT-Net: `python train.py --help`. The command itself is dctnet/train.py."""
from dctnet.train import command, main

__all__ = ['main']

if __name__ == '__main__':
    command()
