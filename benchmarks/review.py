"""How long the pages of the trainer's desk take with many attempts.

    python benchmarks/review.py [--attempts 100000]

Fills two stores in a temporary folder, the second with a hundredth of the attempts, and
asks each page of both in turns: the time, and the ratio of the two.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from flask.testing import FlaskClient

from practice.assessment.pipeline import Assessor
from practice.assessment.reference import ReferenceRecordings
from practice.records.attempt import Assessment, Take, Trainee
from practice.records.recognition import ModelInfo, SpeechCheck, Transcript
from practice.records.review import Decision, Review
from practice.records.scenario import Line
from practice.scenarios.markup import parse_script
from practice.scoring.score import VERSION, score_transcript
from practice.store import Store, rows
from practice.web.app import create_app
from practice.web.desk import Desk

ROUNDS = 15
PEOPLE = 400
LINE = Line("客户离开。", parse_script("【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。", {}))
SAID = ("请慢走，欢迎下次光临", "慢走，欢迎下次光临", "请慢走", "再见")
PAGES = {
    "queue": "/",
    "queue, one trainee": "/?trainee=学员7",
    "queue, one day": "/?since=2026-03-01&until=2026-03-01&show=all",
    "queue, one scenario": "/?scenario=s3&result=failed",
    "queue, reviewed": "/?show=reviewed",
    "queue, page 200": "/?page=200",
    "next": "/next",
    "people": "/people?group=厅3",
    "one person": "/people/7",
    "group": "/groups?group=厅3",
    "agreement": "/agreement",
}


def fill(store: Store, n: int) -> None:
    """Store n attempts of some hundred people, a fifth of them reviewed."""
    check = SpeechCheck(4.0, 2.5, -3.0, -20.0, 30.0, 0.0, ((0.5, 3.0),))
    heard = [
        Assessment(
            check,
            Transcript(text, -0.2 - 0.1 * i, 0.01, 0.8),
            None,
            score_transcript(LINE, text),
            ModelInfo("base", "ab" * 32),
            VERSION,
        )
        for i, text in enumerate(SAID)
    ]
    first = datetime(2026, 1, 1, tzinfo=UTC)
    with store.database.writing() as db:
        for i in range(n):
            made = (first + timedelta(minutes=3 * i)).isoformat(timespec="milliseconds")
            person = i % PEOPLE
            take = Take(
                id=str(uuid4()),
                session=str(uuid4()),
                created_at=made,
                trainee=Trainee(f"学员{person}", f"厅{person % 10}"),
                scenario=f"s{i % 30}",
                title="送别",
                prompt_sha256="0" * 64,
                line=1,
                take=1,
                spec=LINE,
                audio=None,
                source="file",
            )
            rows.insert_attempt(db, take)
            rows.insert_score(db, take.id, 1, heard[i % len(heard)])
            if i % 5 == 0:
                decision = Decision.REDO if i % 2 else Decision.PASS
                review = Review(str(uuid4()), made, "李老师", decision=decision)
                rows.insert_review(db, take.id, review)
            rows.refresh_summary(db, take.id, made)


def client(folder: Path, n: int) -> FlaskClient:
    """A desk over a store with n attempts."""
    store = Store(folder)
    fill(store, n)
    references = ReferenceRecordings(folder / "no-references", _no_assessor)
    desk = Desk(store, "李老师", login=False, references=references)
    return create_app(desk, ["localhost"], "key").test_client()


def _no_assessor() -> Assessor:
    raise AssertionError("there is no reference recording to assess")


def timed_ms(desk: FlaskClient, path: str) -> float:
    """How long a page takes, rendered."""
    began = time.perf_counter()
    answer = desk.get(path)
    took_ms = 1000 * (time.perf_counter() - began)
    assert answer.status_code in (200, 302), answer.status
    return took_ms


def main() -> None:
    """Fill the stores, ask the pages in turns, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=100_000)
    n = parser.parse_args().attempts
    with tempfile.TemporaryDirectory() as folder:
        many = client(Path(folder, "many"), n)
        few = client(Path(folder, "few"), n // 100)
        print(f"{'page':24}{n:>10} {n // 100:>9}   ratio")
        for name, path in PAGES.items():
            times = [(timed_ms(many, path), timed_ms(few, path)) for _ in range(ROUNDS)]
            a, b = (statistics.median(column) for column in zip(*times, strict=True))
            print(f"{name:24}{a:7.1f} ms {b:6.1f} ms {a / b:7.1f}")


if __name__ == "__main__":
    main()
