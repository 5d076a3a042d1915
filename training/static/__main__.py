"""All steps in order; each keeps what it finished before.

python -m training.static --shared FOLDER --teacher MODEL_FOLDER --out RUN_FOLDER --to FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.static import export, prepare, teacher, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    teacher.run(args.shared, args.teacher, args.out)
    if not (args.out / "tokens.npz").exists():
        prepare.prepare(args.shared, args.out)
    train.train(args.out, args.shared)
    print(export.export(args.out, args.to))


if __name__ == "__main__":
    main()
