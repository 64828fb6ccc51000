"""Tables as they come: what is found out about a file is right, is said, and can be said otherwise; what cannot be read gets a sentence."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from checkers.command_line.main import main
from checkers.data.coinciding import coinciding_rows
from checkers.data.columns import Reading
from checkers.data.tables import read_table
from checkers.data.training_data import load_training_data
from checkers.errors import InputError

NUMBERS = np.random.Generator(np.random.SFC64(3)).standard_normal((12, 3)).round(3) + 0.0005  # written with a point, all of them
KINDS = ["abc"[k % 3] for k in range(12)]
PLAIN = "x1,x2,x3,kind\n" + "".join(f"{a},{b},{c},{kind}\n" for (a, b, c), kind in zip(NUMBERS.tolist(), KINDS, strict=True))
SEMICOLONS = PLAIN.replace(",", ";")


def written(folder: Path, content: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def said(folder: Path, content: str | bytes, *arguments: str, capsys: pytest.CaptureFixture[str], name: str = "data.csv") -> dict[str, Any]:
    assert main(["diagnose", str(written(folder, content, name)), *arguments, "--json", "-"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PLAIN, "data.csv"),
        (PLAIN, "a name without extension"),
        (PLAIN.replace(",", "\t"), "data.tsv"),
        (PLAIN.replace(",", "   "), "data.data"),
        (PLAIN.replace(",", ", "), "data.txt"),
        (PLAIN.replace(",", "|"), "data.csv"),
        (SEMICOLONS, "data.csv"),
        (SEMICOLONS.replace(".", ","), "data.csv"),
        (PLAIN.replace(",", ";").replace(".", ",").replace(";", " "), "data.data"),
        (PLAIN.replace("\n", "\r\n"), "data.csv"),
        (PLAIN.replace("\n", "\r"), "data.csv"),
        (PLAIN.replace("\n", ",\n"), "data.csv"),
        (PLAIN.replace("a\n", "a,\n").replace("b\n", "b,\n").replace("c\n", "c,\n"), "data.csv"),
        ("# measured\n" + PLAIN.replace("x1", "# x1", 1), "data.csv"),
        (PLAIN.encode("utf-8-sig"), "data.csv"),
        (PLAIN.encode("utf-16"), "data.csv"),
        (gzip.compress(PLAIN.encode(), mtime=0), "data.csv.gz"),
        (gzip.compress(PLAIN.encode(), mtime=0), "gz by its first bytes.csv"),
    ],
)
def test_one_table_in_many_forms(content: str | bytes, name: str, tmp_path: Path) -> None:
    table = read_table(written(tmp_path, content, name), "kind")
    assert np.array_equal(table.features, NUMBERS)
    assert table.labels == KINDS
    assert table.columns == ["x1", "x2", "x3"]
    assert "header: yes" in table.how


def test_parquet_keeps_numbers_and_names(tmp_path: Path) -> None:
    frame = pd.DataFrame(NUMBERS, columns=["x1", "x2", "x3"]).assign(kind=pd.Categorical(KINDS), when=pd.Timestamp("2020-01-01"))
    frame.to_parquet(tmp_path / "data.parquet")
    table = read_table(tmp_path / "data.parquet", "kind", Reading(drop=("when",)))
    assert np.array_equal(table.features, NUMBERS)
    assert (table.labels, table.columns, table.left_out) == (KINDS, ["x1", "x2", "x3"], ("column when",))
    with pytest.raises(InputError, match=r"row 0, column when: .* leave that column out with --drop when"):
        read_table(tmp_path / "data.parquet", "kind")
    frame["when"] = pd.Series([[1.0]] * 12)
    frame.to_parquet(tmp_path / "nested.parquet")
    with pytest.raises(InputError, match="column when is nested"):
        read_table(tmp_path / "nested.parquet", "kind")


@pytest.mark.parametrize(
    ("text", "header", "doubtful"),
    [
        ("0,1,2,3\n0.5,0.1,0.7,1\n0.2,0.3,0.1,0\n", True, True),  # a frame's own column names
        ("1990,1991,1992\n0.5,0.1,0.7\n", True, True),
        (",".join(map(str, range(16))) + "\n" + (",".join(["0", "255"] * 8) + "\n") * 2, True, True),  # pixels
        ("label,0,1\n7,1,2\n", True, True),
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n", False, False),
        ("0,1\n1,0\n1,1\n", False, False),
        ("1,2,3,4\n2,1,4,3\n", False, False),  # rankings
        ("0,1\n0.5,0.25\n0.7,0.1\n", False, True),  # a curve through (0, 1), or two names
        ("1,2,3\n3,-1,3.0\n2,2,10\n", False, False),
        ("a,b\n1,2\na,b\n", True, False),
        ("True,1\nFalse,2\n", False, False),
    ],
)
def test_a_header_is_known_by_what_stands_below_it(text: str, header: bool, doubtful: bool, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    drop = tuple(str(k) for k in range(text.split("\n")[0].count(",")))  # the last column alone, so that text may be anywhere else

    def rows(given: bool | None) -> tuple[str, bool]:
        try:
            table = read_table(path, None if drop else "0", Reading(header=given, drop=drop))
        except InputError as error:  # the last column holds text: the first line that is complained about is the first row
            return ("header: yes" if "line 1" not in str(error) else "header: no"), False
        return table.how[0], any("line 1" in warning for warning in table.warnings)

    found, warned = rows(None)
    assert (found == "header: yes") is header
    if "setosa" not in text and "a,b" not in text:
        assert warned is doubtful
    assert rows(True) == ("header: yes", False)
    assert rows(False) == ("header: no", False)


@pytest.mark.parametrize("name", ["", "Id", "index", "Unnamed: 0"])
@pytest.mark.parametrize("first", [0, 1, 70])
def test_index_columns_are_no_inputs(name: str, first: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = PLAIN.splitlines()
    text = "\n".join([f"{name},{lines[0]}", *(f"{first + k},{line}" for k, line in enumerate(lines[1:]))])
    table = read_table(written(tmp_path, text), "kind")
    assert np.array_equal(table.features, NUMBERS)
    found = said(tmp_path, text, "--label-column", "kind", capsys=capsys)
    assert f"left out: column {name or '0, without a name'}" in found["read"]
    assert found["input_dimension"] == 4
    # what counts under any other name may be a measurement: it stays, and is warned of
    other = said(tmp_path, text.replace(name, "time", 1) if name else "time" + text, "--label-column", "kind", capsys=capsys)
    assert other["input_dimension"] == 5
    assert [warning for warning in other["warnings"] if "column time counts the rows" in warning and "--drop time" in warning]
    assert said(tmp_path, "time" + text[len(name) :], "--drop", "time", "--label-column", "kind", capsys=capsys)["input_dimension"] == 4


def test_an_id_column_hid_coinciding_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(tmp_path, "Id,x,y,kind\n1,1.5,2,a\n2,3,1,b\n3,1.5,2,a\n", "--label-column", "kind", capsys=capsys)
    assert found["coinciding"] == [["line 2", "line 4"]]


@pytest.mark.parametrize("mark", ["NA", "?", "", "nan", "NULL", "n/a", " "])
def test_a_missing_label_is_no_class(mark: str, tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN + f"1,2,3,{mark}\n2,3,5,{mark}\n")
    loaded = load_training_data(str(path), label_column="kind", samples=None, labels="true", outputs=None, seed=0)
    assert loaded.targets.shape == (12, 3)
    assert "left out: 2 rows (label missing: " in loaded.read
    assert "labels: kind, 3 classes (a, b, c)" in loaded.read


def regression(labels: list[int], folder: Path, given: bool | None = None, outputs: int | None = None) -> bool:
    angles = np.linspace(0.1, 3, len(labels))
    path = written(folder, "".join(f"{np.cos(t)},{np.sin(t)},{label}\n" for t, label in zip(angles, labels, strict=True)))
    loaded = load_training_data(
        str(path), label_column="2", samples=None, labels="true", outputs=outputs, seed=0, reading=Reading(regression=given)
    )  # fmt: skip
    assert ("a regression" in loaded.read) is (loaded.classes is None)
    return loaded.classes is None


def test_many_different_whole_numbers_are_a_regression(tmp_path: Path) -> None:
    from sklearn.datasets import load_diabetes

    diabetes = [int(y) for y in load_diabetes().target]
    assert len(set(diabetes)) == 214
    prices, ranks = [100_000 + 137 * k for k in range(12)], [*range(30)]
    faces, digits = [k // 10 for k in range(400)], [k % 10 for k in range(60)]
    assert [regression(labels, tmp_path) for labels in (diabetes, prices, faces, digits, ranks)] == [True, True, False, False, True]
    assert [regression(labels, tmp_path, given=False) for labels in (prices, ranks)] == [False, False]
    assert [regression(labels, tmp_path, given=True) for labels in (faces, digits)] == [True, True]
    assert regression(digits, tmp_path, outputs=1)


def test_a_label_that_is_no_number_among_numbers_is_asked_about(tmp_path: Path) -> None:
    path = written(tmp_path, "x,y,price\n1,2,100.5\n3,4,none\n5,4,7.5\n")
    with pytest.raises(InputError, match="line 3: the label 'none' is not a number, as others are; leave that row out, or say --classes"):
        load_training_data(str(path), label_column="price", samples=None, labels="true", outputs=None, seed=0)
    loaded = load_training_data(
        str(path), label_column="price", samples=None, labels="true", outputs=None, seed=0, reading=Reading(regression=False)
    )  # fmt: skip
    assert loaded.targets.shape == (3, 3)


CLASSES = np.array([0, 1, 2] * 4)


@pytest.mark.parametrize(
    ("arrays", "inputs", "labels"),
    [
        ({"inputs": NUMBERS, "labels": CLASSES}, None, None),
        ({"X": NUMBERS, "Y": CLASSES}, None, None),
        ({"x": NUMBERS, "y": CLASSES}, None, None),
        ({"X": NUMBERS, "y": CLASSES}, None, None),
        ({"data": NUMBERS, "target": CLASSES, "feature_names": np.array(["p", "q", "r"])}, None, None),
        ({"images": NUMBERS[:, :, None], "labels": CLASSES}, None, None),
        ({"arr_0": NUMBERS, "labels": CLASSES}, None, None),
        ({"x_train": NUMBERS, "y_train": CLASSES, "x_test": NUMBERS[:3], "y_test": CLASSES[:3]}, "x_train", "y_train"),
        ({"inputs": NUMBERS, "labels": CLASSES[:, None]}, None, None),
        ({"inputs": NUMBERS, "labels": np.eye(3)[CLASSES]}, None, None),
        ({"inputs": NUMBERS, "labels": np.array(["u", "v", "w"])[CLASSES]}, None, None),
        ({"inputs": NUMBERS, "labels": np.array([b"u", b"v", b"w"])[CLASSES]}, None, None),
    ],
)
def test_arrays_are_found_by_usual_names_or_named(
    arrays: dict[str, np.ndarray], inputs: str | None, labels: str | None, tmp_path: Path
) -> None:
    np.savez(tmp_path / "data.npz", **arrays)  # type: ignore[arg-type]
    loaded = load_training_data(
        str(tmp_path / "data.npz"), label_column=labels, samples=None, labels="true", outputs=None, seed=0, reading=Reading(inputs=inputs)
    )  # fmt: skip
    assert loaded.classes is not None
    assert loaded.classes.tolist() == CLASSES.tolist()
    assert loaded.inputs.shape == (12, 4)


@pytest.mark.parametrize("names", [("x_train", "y_train", "x_test", "y_test"), ("X", "Y", "x", "y"), ("arr_0", "arr_1")])
def test_ambiguous_arrays_are_asked_about(names: tuple[str, ...], tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", **{name: (NUMBERS, CLASSES)[k % 2] for k, name in enumerate(names)})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=f"its arrays are {', '.join(names)}: --inputs and --label-column name them"):
        read_table(tmp_path / "data.npz", None)


def test_images_are_laid_out_in_rows(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (5, 4, 4, 3))
    np.save(tmp_path / "images.npy", images)
    table = read_table(tmp_path / "images.npy", None)
    assert np.array_equal(table.features, images.reshape(5, 48))
    assert table.how == ("each row 4 x 4 x 3 numbers",)


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        (PLAIN, [], "line 2, column kind: 'a' is not a finite number; if that column holds the labels, say --label-column kind"),
        (PLAIN, ["--delimiter", ";"], "'[-0-9.]+,.*--delimiter says what separates"),
        (PLAIN.replace(",", ":"), ["--label-column", "kind"], "no label column 'kind'.*--delimiter says what separates"),
        (PLAIN, ["--label-column", "kind", "--drop", "x9"], "has no column 'x9'; its columns are x1, x2, x3, kind"),
        (PLAIN, ["--label-column", "kind", "--drop", "kind"], "cannot both hold the labels and be dropped"),
        (PLAIN, ["--label-column", "kind", "--inputs", "x1"], "--inputs x1 names an array of an npz file"),
        (PLAIN, ["--label-column", "kind", "--regression"], "label 'a' is not a number.*choose --classes"),
        ("1,2,a\n3,4,b\n", ["--label-column", "kind"], "no label column 'kind'; its columns are 0, 1, 2; if its first line names them"),
        ("x,2,3,4\n5,6,7,1\n", [], "line 1, column 0: 'x' is not a finite number; if that line names the columns, say --header"),
        ("a,b\n1,\n2,\n", [], "line 2, column b: '' is not a finite number; leave that column out with --drop b"),
        ("a,my b\n1,2\n2,?\n", [], "line 3, column my b: '\\?' is not a finite number; leave out that row, or .* --drop 'my b'"),
        ('a,b\n"1,234",2\n3,4\n', [], "line 2, column a: '1,234' is not a finite number; its decimal sign .* separates thousands"),
        ("a;b\n1.234,5;2\n3,5;4\n", [], "line 2, column a: '1.234,5' is not a finite number; its decimal sign"),
        ("a;b\n1,5;2\n2.5;4\n", [], "line 2, column a: '1,5' is not a finite number; its decimal sign"),
        ('a,b\n1,"2\n2"\n3,4\n5,6,7\n', [], "line 5: has 3 cells where the first line has 2"),
        ('a,b\n1,"2\n2"\n3,4\n5\n', [], "line 5: has 1 cells where the first line has 2"),
        ("# note\n\na,b\n1,2\n5\n", [], "line 5: has 1 cells where line 3 has 2"),
        ("1 2 3\n4 5\n", [], "line 2: has 2 cells where the first line has 3"),
        ("My table\nx,y\n1,2\n", [], "line 2: has 2 cells where the first line has 1; --delimiter"),
        ('a,b\n1,"2\n3,4\n', [], "not a csv file"),
        ("day,x\n2020-01-01,1\n2020-01-02,2\n", ["--label-column", "x"], "column day: '2020-01-01' is not a finite number; leave that"),
        ("x,x,y\n1,2,3\n", ["--label-column", "x"], "has 2 columns named 'x': say which by its number"),
        ("9" * 400 + ",1\n1,2\n", [], "line 1, column 0: '9{40}...' is not a finite number"),
        ("# only\n# comments\n", [], "is empty but for comments"),
        ("1,2\n3,\x004\n", [], "it is not text in UTF-8"),
        (PLAIN.encode("utf-16-le"), [], "it is not text in UTF-8"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", [], "it is not text in UTF-8"),
        (gzip.compress(PLAIN.encode(), mtime=0)[:-20], [], "its compression is broken or cut off"),
        (gzip.compress(bytes(2**12), mtime=0)[:-20], [], "its compression is broken or cut off"),
        (b"PAR1 and no more", [], "it is not a parquet file"),
        (b"PAR1 and no more", ["--header"], "--header is for text"),
    ],
)
def test_what_cannot_be_read_gets_a_remedy(
    content: str | bytes, arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", str(written(tmp_path, content)), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.search(sentence, captured.err)
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("delimiter", ["ab", "a", "1", '"', "", "\n", "é"])
def test_a_delimiter_is_a_character_that_may_separate(delimiter: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", str(written(tmp_path, PLAIN)), "--delimiter", delimiter]) == 2
    assert "--delimiter" in capsys.readouterr().err


def test_spreadsheets_and_folders_are_named_for_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data files are \.csv, .* \.parquet, \.npy or \.npz"):
        read_table(written(tmp_path, b"PK\x03\x04", "data.xlsx"), None)
    for path, sentence in ((tmp_path, "it is a folder"), (Path("/dev/null"), "it is not a plain file")):
        with pytest.raises(InputError, match=sentence):
            read_table(path, None)


def test_old_spreadsheets_and_truth_values_are_read(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "on,Größe,kind\nTrue,1,a\nfalse,2,b\n".encode("cp1252")), "kind")
    assert table.features.tolist() == [[1, 1], [0, 2]]
    assert table.columns == ["on", "Größe"]
    assert "encoding cp1252" in table.how


def test_rs_tables_name_no_column_of_rows(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, '"len" "wid" "kind"\n"a 1" 5.5 3.5 "u"\n"b" 4.9 3 "v"\n', "r.txt"), "kind")
    assert (table.features.tolist(), table.labels) == ([[5.5, 3.5], [4.9, 3]], ["u", "v"])


def test_coinciding_rows_are_those_that_rounding_cannot_tell() -> None:
    generator = np.random.default_rng(5)
    rows = generator.standard_normal((40, 4))
    rows = np.concatenate([rows, rows[[3, 7, 3]], rows[[9]] + 1e-10, rows[[9]] + 1e-4, np.repeat(rows[:1], 3000, axis=0)])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert coinciding_rows(rows) == [(3, 40), (7, 41), (3, 42), (9, 43), *((0, 45 + k) for k in range(3000))]


DOUBLED = "x,y,kind\n" + "".join(f"{k + 1},{1 if k % 2 else 0.5},{'ab'[k % 2]}\n{2 * k + 2},{2 if k % 2 else 1},a\n" for k in range(24))


def test_duplicates_can_be_left_out_and_are_all_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, DOUBLED)
    found = said(tmp_path, DOUBLED, "--label-column", "kind", capsys=capsys)
    assert len(found["coinciding"]) >= 24
    assert main(["diagnose", str(path), "--label-column", "kind", "--drop", "kind"]) == 2
    capsys.readouterr()
    assert main(["diagnose", str(path), "--label-column", "kind"]) == 0
    text = capsys.readouterr().out
    assert all(re.search(rf"\b{later.split()[1]}\b", text.splitlines()[-1]) for _, later in found["contradicting"])
    assert "--drop-duplicates" in text
    less = said(tmp_path, DOUBLED, "--label-column", "kind", "--drop-duplicates", capsys=capsys)
    assert less["samples"] == found["samples"] - len(found["coinciding"])
    assert less["coinciding"] == []
    assert less["paper_width"] is not None
    assert f"(coinciding with an earlier one; {len(found['contradicting'])} with another label)" in less["read"]
    train = ["train", "--data", str(path), "--label-column", "kind", "--width", "4", "--depth", "1", "--steps", "2", "--seed", "1"]
    assert main(train) == 2
    assert "--drop-duplicates" in capsys.readouterr().err
    main([*train, "--drop-duplicates", "--held-out", "2", "--samples", "9"])
    assert "x, y; labels: kind" in capsys.readouterr().out


def test_the_added_coordinate_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", str(written(tmp_path, PLAIN)), "--label-column", "kind"]) == 0
    assert "4: 3 of the data, and 1/√2 added to each row" in capsys.readouterr().out
