import argparse
parser = argparse.ArgumentParser(description="What it does", epilog="The end")
parser.add_argument("name"); parser.add_argument("-n", "--number", type=int, default=3, help="a number (default: %(default)s)")
sub = parser.add_subparsers(dest="cmd"); sub.add_parser("run")
parser.parse_args()
