"""A page in the browser for the styles of a folder: drop photographs, compare, download. Nothing leaves this machine.

python -m dctnet.web --models models/                  serve it at http://127.0.0.1:8000 until Ctrl-C
python -m dctnet.web --models models/ --static site/   write it as files that need no server program
"""
import argparse
import importlib.util
import logging
import signal
import sys
from pathlib import Path
from typing import NoReturn, Optional, Sequence

from dctnet import process
from dctnet.command_line import Parser
from dctnet.errors import DONE, UserError, exit_with
from dctnet.web import gallery

_PACKAGES = ('starlette', 'uvicorn')


def parse(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The command line. Leaves with exit code 2 if it is wrong."""
    parser = Parser(prog='python -m dctnet.web', description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--models', type=Path, required=True, metavar='FOLDER',
                        help='folder of model folders (cartoon_h.pb, cartoon_bg.pb), or one model folder')
    parser.add_argument('--host', default='127.0.0.1',
                        help='address to listen on (default: 127.0.0.1, this machine alone; 0.0.0.0 opens the page to '
                             'everybody who reaches this machine)')
    parser.add_argument('--port', type=int, default=8000, help='default: 8000; 0 takes a free one')
    parser.add_argument('--device', choices=('auto', 'cpu', 'gpu'), default='auto', help='default: auto')
    parser.add_argument('--static', type=Path, metavar='OUT', help='write a folder for any web host instead')
    parser.add_argument('--runtime', type=Path, metavar='FOLDER',
                        help="with --static: dist/ of the npm package onnxruntime-web, whose files are copied into OUT")
    options = parser.parse_args(argv)
    if not 0 <= options.port <= 65535:
        parser.error(f'--port {options.port}: from 0 to 65535')
    if (options.runtime is None) != (options.static is None):
        parser.error('--static and --runtime go together')
    return options


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = parse(argv)
    logging.basicConfig(level=logging.WARNING, format='%(asctime)s %(message)s', stream=sys.stderr)
    gallery.check_folder(options.models)
    process.prepare()
    if options.static:
        return _write_static(options)
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"the page needs {', '.join(missing)}, which this Python lacks: install the extra 'web' (pip "
                        "install '.[web]' in the project's folder, or make setup)")
    from dctnet.web import server
    bound = server.listening_socket(options.host, options.port)
    address, port = bound.getsockname()[:2]
    shown = f'[{address}]' if ':' in address else address

    def ready() -> None:
        count = len(gallery.find_styles(options.models))
        print(f'{count} style(s) at http://{shown}:{port}  (Ctrl-C ends)', flush=True)
        if not server.is_loopback(options.host):
            print('warning: everybody who reaches this machine can use the page and keep it busy; there is no '
                  'password, and pictures are sent unencrypted. Use it in networks that you trust, or put a server '
                  'with TLS and a password before it.', file=sys.stderr, flush=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: pictures are removed
    with bound:
        server.serve(bound, options.host, options.models, options.device, ready)
    return DONE


def _write_static(options: argparse.Namespace) -> int:
    from dctnet.compat import graph_mode
    from dctnet.exporters import choice
    from dctnet.web import static_site
    choice.check([choice.ONNX], [choice.FLOAT32])
    graph_mode()
    static_site.write(options.models, gallery.find_styles(options.models), options.static, options.runtime)
    print(f'{options.static}: try it with python -m http.server --directory {options.static}')
    return DONE


def command() -> NoReturn:
    """The entry point of the command line."""
    exit_with(main)


if __name__ == '__main__':
    command()
