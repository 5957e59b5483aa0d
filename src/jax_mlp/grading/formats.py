"""Grades as other programs read them. None holds a time or a date, so the same grades give the same bytes."""

import base64
import csv
import io
import json
import re
from xml.etree import ElementTree

from jax_mlp.grading.points import Points, shown

Grades = dict[str, dict[str, dict]]
"""By submission and component, what became of it."""


def as_json(grades: Grades, points: Points, laws: dict[str, str]) -> str:
    """Everything that is known, for programs."""
    submissions = [
        {
            "name": name,
            "points": points.total(rows),
            "components": {c: {"points": points.of(c, rows[c]), **rows[c]} for c in points.worth},
        }
        for name, rows in grades.items()
    ]
    content = {"most": points.most, "points": points.worth, "partial": points.partial, "laws": laws}
    return json.dumps({**content, "submissions": submissions}, indent=1, ensure_ascii=False) + "\n"


def first_trouble(rows: dict[str, dict]) -> tuple[str, str]:
    """The first law that a submission fails, or the first function that it lacks; and the cause."""
    for row in rows.values():
        if row["state"] == "failed":
            return row["first"], row["cause"] or row["got"]
    lacking = [component for component, row in rows.items() if row["state"] in ("missing", "not written")]
    if lacking and len(lacking) == len(rows):  # it may hold other components, which count for nothing
        return "", rows[lacking[0]]["got"]
    return ("", f"not written: {', '.join(lacking)}") if lacking else ("", "")


def as_csv(grades: Grades, points: Points) -> str:
    """A row for each submission, for a grade book."""
    file = io.StringIO(newline="")
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(
        ["submission", "points", "of", *points.worth, "not passed", "first failing law", "likely cause, or what it got"]
    )
    for name, graded in grades.items():
        not_passed = " ".join(component for component, row in graded.items() if row["state"] != "passed")
        numbers = [shown(points.of(component, graded[component])) for component in points.worth]
        why = [not_passed, *first_trouble(graded)]
        rows.writerow([_cell(name), shown(points.total(graded)), shown(points.most), *numbers, *map(_cell, why)])
    return file.getvalue()


def as_junit(grades: Grades, laws: dict[str, str]) -> str:
    """JUnit's XML: a suite for each submission, a case for each law."""
    from jax_mlp.checking.names import component_of

    top = ElementTree.Element("testsuites", name="jax-mlp")
    for name, rows in grades.items():
        suite = ElementTree.SubElement(top, "testsuite", name=_xml(name))
        numbers = {"tests": 0, "failures": 0, "skipped": 0, "errors": 0}
        for component, row in rows.items():
            for law, sentence in laws.items():
                if component_of(law) != component:
                    continue
                numbers["tests"] += 1
                case = ElementTree.SubElement(suite, "testcase", classname=_xml(f"{name}.{component}"), name=law)
                if law == row["first"]:
                    numbers["failures"] += 1
                    failure = ElementTree.SubElement(case, "failure", message=_xml(row["cause"] or row["got"]))
                    failure.text = _xml(row["report"])
                elif law in row["failed"]:
                    numbers["failures"] += 1
                    ElementTree.SubElement(case, "failure", message=_xml(sentence))
                elif law in row["not_run"]:
                    numbers["skipped"] += 1
                    ElementTree.SubElement(case, "skipped", message="not run")
        suite.attrib.update({key: str(value) for key, value in numbers.items()})
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def as_gradescope(rows: dict[str, dict], points: Points) -> str:
    """Gradescope's results.json, for one submission."""
    tests = [
        {
            "name": component,
            "score": points.of(component, row),
            "max_score": points.worth[component],
            "status": "passed" if row["state"] == "passed" else "failed",
            "output": _summary(row),
        }
        for component, row in rows.items()
    ]
    return json.dumps({"score": points.total(rows), "tests": tests}, indent=1, ensure_ascii=False) + "\n"


def as_classroom(rows: dict[str, dict], points: Points) -> str:
    """The line `result=…` that GitHub Classroom's grading reporter reads from a step's outputs, for one submission."""
    tests = [
        {
            "name": component,
            "status": "pass" if row["state"] == "passed" else "fail",
            "score": points.of(component, row),
            "max_score": points.worth[component],
            "message": _summary(row),
            "test_code": f"jax-mlp exercises read {component}",
            "filename": "",
            "line_no": 0,
            "execution_time": "0s",
        }
        for component, row in rows.items()
    ]
    status = "pass" if all(row["state"] == "passed" for row in rows.values()) else "fail"
    result = {"version": 1, "status": status, "max_score": points.most, "tests": tests}
    return f"result={base64.b64encode(json.dumps(result).encode()).decode()}\n"


def _summary(row: dict) -> str:
    return f"{row['passed']} of {row['total']} laws pass.\n\n{row['report']}".strip()


def _cell(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _xml(text: str) -> str:
    """Text without the characters that XML does not know."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "�", text)
